/** How well a text answers what was typed: smaller is better, null is not at all. Letters may be skipped, in their order. */
export function rank(text: string, typed: string): number | null {
  const inText = text.toLowerCase();
  const wanted = typed.trim().toLowerCase();
  if (wanted === '') return 0;
  const whole = inText.indexOf(wanted);
  if (whole === 0) return 0;
  if (whole > 0) return /[\s/·.-]/.test(inText[whole - 1] ?? '') ? 1 : 2;
  let at = 0;
  let spread = 0;
  for (const letter of wanted) {
    if (letter === ' ') continue;
    const found = inText.indexOf(letter, at);
    if (found < 0) return null;
    spread += found - at;
    at = found + 1;
  }
  return 3 + spread;
}
