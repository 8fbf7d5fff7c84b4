import { type Failure, failure } from '../../core/failure.ts';
import type { HostSettings } from './host-settings.ts';

/** How sentences name a host: what was typed, and where that leads when it says more. */
export function hostWords(settings: Pick<HostSettings, 'alias' | 'hostName' | 'port'>): string {
  const address = settings.hostName.includes(':') ? `[${settings.hostName}]` : settings.hostName;
  if (settings.alias === settings.hostName)
    return settings.port === 22 ? settings.alias : `${address}:${settings.port}`;
  return `${settings.alias} (${address}:${settings.port})`;
}

/** What a failed name lookup or TCP connection means. Pure. `error` is Node's, told apart by its `code`. */
export function networkFailure(error: unknown, settings: HostSettings): Failure {
  const code = codeOf(error);
  const where = hostWords(settings);
  const more = { detail: textOf(error), transient: true };
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NONAME':
    case 'EAI_NODATA':
      return failure('name-unknown', `No machine is known by the name ${settings.hostName}.`, more);
    case 'ECONNREFUSED':
      return failure('port-closed', `${where} refused the connection: nothing listens on port ${settings.port}.`, more);
    case 'ECONNRESET':
    case 'EPIPE':
      return failure('no-answer', `${where} closed the connection before it said who it is.`, more);
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'ENETDOWN':
    case 'EADDRNOTAVAIL':
      return failure('host-unreachable', `${where} cannot be reached from here.`, more);
    default:
      return failure('host-unreachable', `${where} cannot be reached: ${textOf(error)}.`, more);
  }
}

/** What an ssh connection that ended before it was logged in means. Pure. `heard`: whether the host spoke SSH at all. */
export function handshakeFailure(error: unknown, settings: HostSettings, heard: boolean): Failure {
  const where = hostWords(settings);
  const text = textOf(error);
  const more = { detail: text, transient: true };
  if (/no matching|unsupported/i.test(text)) {
    return failure('no-answer', `${where} and Switchyard know no common way to encrypt: ${text}.`, { detail: text });
  }
  if (!heard) {
    if (/before handshake|ECONNRESET|EPIPE/i.test(`${text} ${codeOf(error)}`)) {
      return failure('no-answer', `${where} closed the connection before it said who it is.`, more);
    }
    return failure('no-answer', `Something answers at ${where}, but it does not speak SSH.`, more);
  }
  return failure('link-lost', `The connection to ${where} broke while logging in.`, more);
}

export function silenceFailure(settings: HostSettings, heard: boolean, ms: number): Failure {
  const where = hostWords(settings);
  const span = `${Math.round(ms / 1000)} s`;
  return failure(
    'no-answer',
    heard
      ? `${where} stopped answering for ${span} while logging in.`
      : `${where} accepted the connection and then said nothing for ${span}.`,
    { transient: true },
  );
}

export function linkLost(where: string, detail: string | null = null): Failure {
  return failure('link-lost', `The connection to ${where} was lost.`, { detail, transient: true });
}

export function cancelled(where: string): Failure {
  return failure('cancelled', `Connecting to ${where} was cancelled.`);
}

export function textOf(error: unknown): string {
  if (error instanceof Error) return error.message || codeOf(error);
  return String(error);
}

export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : '';
}
