import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { type Session as ElectronSession, protocol } from 'electron';
import { assetPath, scheme } from './asset-path.ts';

/**
 * Only what the bundle itself brings, from its own origin. Styles that React sets go through the CSSOM and need no
 * `unsafe-inline`; the layout worker comes from the same origin.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const mediaTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** Must be called before the app is ready. */
export function declareScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Serves `folder` as the window's origin, every answer with the policy as a header. */
export function serveContent(session: ElectronSession, folder: string): void {
  session.protocol.handle(scheme, async (request) => {
    const path = request.method === 'GET' ? assetPath(folder, request.url) : null;
    if (path === null) return new Response(null, { status: 404 });
    try {
      const bytes = await readFile(path);
      return new Response(new Uint8Array(bytes), {
        headers: {
          'content-type': mediaTypes[extname(path)] ?? 'application/octet-stream',
          'content-security-policy': contentSecurityPolicy,
          'x-content-type-options': 'nosniff',
        },
      });
    } catch {
      return new Response(null, { status: 404 });
    }
  });
}
