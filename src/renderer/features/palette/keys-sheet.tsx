export function KeysSheet(_: Record<string, unknown>) {
  return null;
}
