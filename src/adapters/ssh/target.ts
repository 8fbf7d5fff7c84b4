import { isIPv6 } from 'node:net';
import { failure } from '../../core/failure.ts';
import { failed, ok, type Result } from '../../core/result.ts';

/** What was typed after `ssh`. The host may be an alias: it is resolved at connect, never before. */
export type Target = { typed: string; host: string; user: string | null; port: number | null };

/**
 * Reads `home`, `user@host`, `host:port`, `user@[v6]:port`, a bare IPv6 address, or `ssh://user@host:port`.
 * Pure. What could be taken for an option or end up in a command line as more than a name is refused.
 */
export function parseTarget(text: string): Result<Target> {
  const typed = text.trim();
  const no = (why: string): Result<Target> =>
    failed(failure('target-invalid', `“${typed}” is not an address that ssh would understand: ${why}.`));
  if (typed === '') return failed(failure('target-invalid', 'No host was given.'));
  if (/[\s\p{Cc}]/u.test(typed)) return no('it contains a blank');

  const isUri = /^ssh:\/\//i.test(typed);
  let rest = isUri ? typed.slice('ssh://'.length).replace(/\/$/, '') : typed;
  if (rest.includes('/')) return no('it contains a slash');

  let user: string | null = null;
  const at = rest.lastIndexOf('@');
  if (at >= 0) {
    user = rest.slice(0, at);
    rest = rest.slice(at + 1);
    if (isUri) user = decoded(user.split(/[;:]/)[0] ?? '');
    if (user === '') return no('the user before @ is missing');
    if (user.startsWith('-') || /[\s\p{Cc}'`"$\\;&<>|(){}]/u.test(user)) return no('the user is not a user name');
  }

  let host = rest;
  let portText: string | null = null;
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(rest);
  if (bracketed) {
    host = bracketed[1] ?? '';
    portText = bracketed[2] ?? null;
  } else if (rest.split(':').length === 2) {
    const colon = rest.indexOf(':');
    host = rest.slice(0, colon);
    portText = rest.slice(colon + 1);
  }
  if (host === '') return no('the host is missing');
  if (host.startsWith('-') || /['`"$\\;&<>|(){}[\],@#]/.test(host)) return no('the host is not a name or an address');
  if (host.includes(':') && !isIPv6(host)) return no('the host is not a name or an address');

  let port: number | null = null;
  if (portText !== null) {
    port = parsePort(portText);
    if (port === null) return no('the port is not a number from 1 to 65535');
  }
  return ok({ typed, host, user, port });
}

/** A port from 1 to 65535, or null. */
export function parsePort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65535 ? port : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
