export function ContactSheet(_: Record<string, unknown>) {
  return null;
}
