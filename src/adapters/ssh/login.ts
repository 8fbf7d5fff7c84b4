import ssh2, { type AnyAuthMethod, type ParsedKey } from 'ssh2';
import type { Question } from '../../core/connection.ts';
import { type Failure, failure } from '../../core/failure.ts';
import { plainText } from '../../core/plain-text.ts';
import { hostWords } from './connect-failure.ts';
import type { HostSettings } from './host-settings.ts';
import { type Identities, type Identity, PassphraseDeclined, PassphraseWrong } from './identity.ts';

/** What the host says after each attempt: the methods that may still be tried, and whether that one counted. */
export type LoginAnswer = { methods: string[] | null; partial: boolean };

export type Asker = (question: Question) => Promise<string[] | null>;

/** Keeps what was tried, for the sentence that tells why a login was refused. */
export type LoginRecord = { tried: string[]; declined: string[]; wrongPassphrases: string[]; problems: Failure[] };

export const freshRecord = (): LoginRecord => ({ tried: [], declined: [], wrongPassphrases: [], problems: [] });

const secretTries = 3;

/**
 * The attempts to log in, in ssh's order: keys one by one, password, keyboard-interactive. Each `next` takes what the
 * host answered to the attempt before. Ends when there is nothing left to try. `password` remembers one that was typed
 * for the same login, so that a link that comes back does not ask again.
 */
export async function* loginAttempts(
  settings: HostSettings,
  identities: Promise<Identities>,
  ask: Asker,
  questionId: () => string,
  record: LoginRecord,
  password: { value: string | null },
): AsyncGenerator<AnyAuthMethod, undefined, LoginAnswer> {
  const username = settings.user;
  const nothing: AnyAuthMethod = { type: 'none', username };
  const { offered, problems } = await identities;
  record.problems.push(...problems);

  // Asking what is allowed costs a round trip: only done first where there is no key to offer.
  let methods: string[] | null = offered.length === 0 ? (yield nothing).methods : null;
  for (const identity of offered) {
    if (methods !== null && !methods.includes('publickey')) break;
    const publicKey =
      identity.publicKey ?? (await identity.reveal().catch((error: unknown) => note(error, identity, record)));
    if (publicKey === null) continue;
    record.tried.push(identity.words);
    const agent = new OneKeyAgent(identity, publicKey, record);
    yield { type: 'agent', username, agent };
    // A key that was accepted and did not log in was one of several factors.
    if (agent.wasAccepted) methods = (yield nothing).methods;
  }
  methods ??= (yield nothing).methods;

  const host = hostWords(settings);
  let passwords = 0;
  let dialogues = 0;
  for (;;) {
    const allowed: string[] = methods ?? [];
    let answer: LoginAnswer;
    if (allowed.includes('password') && passwords < secretTries) {
      const remembered = passwords === 0 ? password.value : null;
      const typed =
        remembered ??
        (await ask({ kind: 'password', id: questionId(), user: username, host, again: passwords > 0 }))?.[0] ??
        null;
      passwords++;
      if (typed === null) {
        record.declined.push('no password was given');
        return;
      }
      if (passwords === 1) record.tried.push('a password');
      password.value = typed;
      answer = yield { type: 'password', username, password: typed };
      if (!answer.partial) password.value = null;
    } else if (allowed.includes('keyboard-interactive') && dialogues < secretTries) {
      if (dialogues === 0) record.tried.push('the host’s questions');
      dialogues++;
      let gaveUp = false;
      answer = yield {
        type: 'keyboard-interactive',
        username,
        prompt: (name, instructions, _language, prompts, finish) => {
          const title = shortened([name, instructions].filter((each) => each.trim() !== '').join('\n'), 1_000);
          const asked = prompts.map((each) => ({ text: shortened(each.prompt, 200), echo: each.echo ?? false }));
          ask({ kind: 'keyboard-interactive', id: questionId(), user: username, host, title, prompts: asked }).then(
            (answers) => {
              gaveUp ||= answers === null;
              finish(answers ?? []);
            },
            () => {
              gaveUp = true;
              finish([]);
            },
          );
        },
      };
      if (gaveUp) {
        record.declined.push('the host’s questions were not answered');
        return;
      }
    } else {
      return;
    }
    if (answer.partial) {
      passwords = secretTries;
      dialogues = 0;
    }
    methods = answer.methods ?? methods;
  }
}

/** A server's words as data of a size that leaves ours in sight: no screen is filled by them until our heading is gone. */
const shortened = (text: string, most: number): string => {
  const plain = plainText(text).replace(/\n{2,}/g, '\n');
  return plain.length <= most ? plain : `${plain.slice(0, most)}…`;
};

/** Why nobody was logged in, in words that name everything that was tried. Pure. */
export function loginFailure(settings: HostSettings, record: LoginRecord): Failure {
  const where = hostWords(settings);
  const wrong = record.wrongPassphrases[0];
  if (wrong !== undefined) {
    return failure(
      'passphrase-wrong',
      `The passphrase of ${wrong} was wrong ${secretTries} times, so ${where} did not let ${settings.user} in.`,
    );
  }
  const unreadable = record.problems.find((each) => each.code === 'key-unreadable');
  if (unreadable && record.tried.length === 0 && record.declined.length === 0) return unreadable;
  const tried = record.tried.length > 0 ? `Tried: ${record.tried.join(', ')}.` : 'There was no key to offer.';
  const problems = record.problems.map((each) => each.message).join(' ') || null;
  if (record.declined.length > 0) {
    return failure(
      'cancelled',
      `The login of ${settings.user} at ${where} was given up: ${record.declined.join(', ')}. ${tried}`,
      {
        detail: problems,
      },
    );
  }
  return failure('login-refused', `${where} refused the login of ${settings.user}. ${tried}`, { detail: problems });
}

function note(error: unknown, identity: Identity, record: LoginRecord): null {
  if (error instanceof PassphraseWrong) record.wrongPassphrases.push(`the key ${error.keyPath}`);
  else if (error instanceof PassphraseDeclined) {
    record.declined.push(`no passphrase was given for the key ${error.keyPath}`);
  } else record.problems.push(failure('login-refused', `There was no signature by ${identity.words}.`));
  return null;
}

/** One key as an ssh agent, which is the one form in which ssh2 lets a signature be made later (after a question). */
class OneKeyAgent extends ssh2.BaseAgent {
  wasAccepted = false;
  readonly #identity: Identity;
  readonly #publicKey: ParsedKey;
  readonly #record: LoginRecord;

  constructor(identity: Identity, publicKey: ParsedKey, record: LoginRecord) {
    super();
    this.#identity = identity;
    this.#publicKey = publicKey;
    this.#record = record;
  }

  override getIdentities(callback: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    callback(undefined, [this.#publicKey]);
  }

  override sign(_key: unknown, data: Buffer, options: unknown, callback?: unknown): void {
    const done = (typeof options === 'function' ? options : callback) as (error?: Error, signature?: Buffer) => void;
    const hash = typeof options === 'object' && options !== null ? (options as { hash?: string }).hash : undefined;
    this.#identity.sign(data, hash).then(
      (signature) => {
        this.wasAccepted = true;
        done(undefined, signature);
      },
      (error: unknown) => {
        note(error, this.#identity, this.#record);
        done(new Error('no signature'));
      },
    );
  }
}
