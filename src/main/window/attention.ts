/** What is known of the window at one moment. */
export type WindowState = { visible: boolean; minimized: boolean; focused: boolean; blurredAtMs: number | null };

/** A map on a second screen is looked at without focus; a window forgotten for this long is not. */
export const forgottenAfterMs = 5 * 60_000;

/** Whether somebody may be looking. `again` says in how many milliseconds the answer can change by itself. */
export function decideAttention(state: WindowState, nowMs: number): { attentive: boolean; againMs: number | null } {
  if (!state.visible || state.minimized) return { attentive: false, againMs: null };
  if (state.focused || state.blurredAtMs === null) return { attentive: true, againMs: null };
  const leftMs = state.blurredAtMs + forgottenAfterMs - nowMs;
  return leftMs > 0 ? { attentive: true, againMs: leftMs } : { attentive: false, againMs: null };
}
