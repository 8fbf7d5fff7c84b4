import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { maskShapes } from '../../core/mask.ts';

/** The app's own log: one line an entry, never the input of a call, so that no secret can be in it. */
export type Log = {
  info(text: string): void;
  error(text: string, cause?: unknown): void;
};

const privateKey = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g;

/** The text without private keys, and with a mark in place of whatever else is shaped like a secret (SPEC SE4). */
const withoutSecrets = (text: string): string => maskShapes(text.replace(privateKey, '[private key]'));

/**
 * Writes `main.log` in `folder`, at most `maxBytes` long; the one before is kept as `main.1.log`. Writing never
 * throws: a full disk must not take the window with it.
 */
export function createLog(folder: string, maxBytes = 1_048_576): Log {
  const path = join(folder, 'main.log');

  const write = (level: 'info' | 'error', text: string): void => {
    try {
      mkdirSync(folder, { recursive: true });
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= maxBytes) {
        renameSync(path, join(folder, 'main.1.log'));
      }
      appendFileSync(path, `${new Date().toISOString()} ${level} ${withoutSecrets(text).replaceAll('\n', '\n  ')}\n`, {
        mode: 0o600,
      });
    } catch {}
  };

  return {
    info: (text) => write('info', text),
    error: (text, cause) => write('error', cause === undefined ? text : `${text}: ${explain(cause)}`),
  };
}

function explain(cause: unknown): string {
  if (cause instanceof Error) return cause.stack ?? cause.message;
  return String(cause);
}
