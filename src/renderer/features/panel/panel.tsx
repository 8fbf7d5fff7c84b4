export function Panel(_: Record<string, unknown>) {
  return null;
}
