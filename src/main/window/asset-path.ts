import { join, sep } from 'node:path';

/** The window's own address. A scheme of its own, because file:// has neither an origin nor headers. */
export const scheme = 'app';
export const origin = `${scheme}://switchyard`;

/** The file below `folder` (absolute, no trailing separator) that a request means, or null when it means none there. */
export function assetPath(folder: string, requested: string): string | null {
  const url = new URL(requested);
  if (`${url.protocol}//${url.host}` !== origin) return null;
  let name: string;
  try {
    name = decodeURIComponent(url.pathname);
  } catch {
    return null;
  }
  if (name.includes('\0')) return null;
  const path = join(folder, name === '/' ? 'index.html' : name);
  return path.startsWith(folder + sep) ? path : null;
}

/** Whether an address (of a frame, of somebody asking) is the window's own page. */
export const isOurs = (address: string): boolean => address === origin || address.startsWith(`${origin}/`);
