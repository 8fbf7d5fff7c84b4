/**
 * Characters that are not seen and yet change what is: marks of direction, of zero width, fillers, and tags, with which text can be
 * hidden in text.
 */
const unseen = new RegExp(
  '[\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0e' +
    '\\ufeff\\uffa0\\ufff0-\\ufffb\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]',
  'gu',
);

/** What a terminal acts on: C0 but tab and line end, delete, and C1. */
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

export const withoutUnseen = (text: string): string => text.replace(unseen, '');

/** Text from elsewhere, of several lines, as a terminal or a window may show it: nothing in it that is acted on or not seen. */
export const plainText = (text: string): string => withoutUnseen(text.replace(/\r\n/g, '\n').replace(controls, ''));

/** The same for one line: it can neither begin one that would pass for ours, nor end it. */
export const plainLine = (text: string): string => plainText(text.replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/g, ' '));

/** Plain data with every text and every key in it as `plainText`. */
export function plainData(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value);
  if (Array.isArray(value)) return value.map(plainData);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [plainText(key), plainData(each)]));
}
