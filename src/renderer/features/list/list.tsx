export function ListScreen(_: Record<string, unknown>) {
  return null;
}
