export function ActivityDrawer(_: Record<string, unknown>) {
  return null;
}
