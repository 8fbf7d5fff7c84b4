import { readFile } from 'node:fs/promises';
import ssh2, { type BaseAgent, type ParsedKey } from 'ssh2';
import { type Failure, failure } from '../../core/failure.ts';
import type { HostSettings } from './host-settings.ts';
import { fingerprint } from './known-hosts.ts';

const { createAgent, utils } = ssh2;

/** A key that can prove who we are. The private part stays inside: neither words nor errors carry it. */
export type Identity = {
  /** For sentences: `the key ~/.ssh/id_ed25519`. */
  words: string;
  /** By it the agent's key and a file's are recognised as the same. Null: an old PEM key, closed as a whole. */
  publicKey: ParsedKey | null;
  /** The public key, asking for the passphrase where there is no other way to know it. */
  reveal(): Promise<ParsedKey>;
  /** Called when the host would accept the key. May ask the operator; rejects when it cannot sign. */
  sign(data: Buffer, hash: string | undefined): Promise<Buffer>;
};

/** Private keys that were opened with a passphrase, by path. In memory only, for as long as the linker lives. */
export type OpenedKeys = Map<string, ParsedKey>;

export type PassphraseAsker = (keyPath: string, again: boolean) => Promise<string | null>;

export type Identities = {
  /** In the order in which ssh offers them: named keys that the agent holds, its other keys, key files. */
  offered: Identity[];
  /** Why a named key or the agent could not be used. Shown when nothing else worked. */
  problems: Failure[];
};

type FileIdentity = Identity & { hasPrivate: boolean };

const agentAnswerMs = 3000;
const passphraseTries = 3;

/** Finds the keys to offer to one host. Never asks: a passphrase is asked for when the host accepts the key. */
export async function findIdentities(
  settings: HostSettings,
  opened: OpenedKeys,
  askPassphrase: PassphraseAsker,
): Promise<Identities> {
  const problems: Failure[] = [];
  const [agentKeys, fileKeys] = await Promise.all([
    keysOfAgent(settings.identityAgent).catch((error: unknown) => {
      problems.push(
        failure('login-refused', `The ssh agent at ${settings.identityAgent} did not answer: ${textOf(error)}.`),
      );
      return [];
    }),
    Promise.all(
      settings.identityFiles.map(async (path) => {
        const found = await keyOfFile(path, opened, askPassphrase);
        if ('problem' in found) {
          // The usual files need not be there; those that the config names should be.
          if (settings.identitiesNamed || found.problem.code !== 'key-unreadable') problems.push(found.problem);
          return null;
        }
        return found;
      }),
    ),
  ]);
  const files = fileKeys.filter((each): each is FileIdentity => each !== null);
  const isSame = (one: Identity) => (other: Identity) =>
    one.publicKey !== null &&
    other.publicKey !== null &&
    one.publicKey.getPublicSSH().equals(other.publicKey.getPublicSSH());
  const namedInAgent = files.flatMap((file) => agentKeys.filter(isSame(file)));
  const othersOfAgent = settings.identitiesOnly ? [] : agentKeys.filter((each) => !namedInAgent.some(isSame(each)));
  const filesAlone = files.filter((each) => each.hasPrivate && !agentKeys.some(isSame(each)));
  return { offered: [...namedInAgent, ...othersOfAgent, ...filesAlone], problems };
}

async function keysOfAgent(socket: string | null): Promise<Identity[]> {
  if (socket === null) return [];
  const agent: BaseAgent = createAgent(socket);
  const keys = await new Promise<ParsedKey[]>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`silent for ${agentAnswerMs / 1000} s`)), agentAnswerMs);
    agent.getIdentities((error, found) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve((found ?? []) as ParsedKey[]);
    });
  });
  return keys.flatMap((key): Identity[] => {
    const publicKey = utils.parseKey(key as never);
    if (publicKey instanceof Error) return [];
    const comment = publicKey.comment ? ` (${publicKey.comment})` : '';
    return [
      {
        words: `the agent’s key ${fingerprint(publicKey.getPublicSSH())}${comment}`,
        publicKey,
        reveal: async () => publicKey,
        sign: (data, hash) =>
          new Promise((resolve, reject) => {
            agent.sign(publicKey, data, hash === undefined ? {} : ({ hash } as never), (error, signature) => {
              if (error || !signature) reject(error ?? new Error('the agent gave no signature'));
              else resolve(signature);
            });
          }),
      },
    ];
  });
}

async function keyOfFile(
  path: string,
  opened: OpenedKeys,
  askPassphrase: PassphraseAsker,
): Promise<FileIdentity | { problem: Failure }> {
  let text: Buffer;
  try {
    text = await readFile(path);
  } catch (error) {
    const beside = await publicPartBeside(path);
    if (beside !== null) return publicOnly(path, beside);
    return { problem: failure('key-unreadable', `The key ${path} could not be read: ${textOf(error)}.`) };
  }
  const words = `the key ${path}`;
  const parsed = opened.get(path) ?? utils.parseKey(text);
  if (!(parsed instanceof Error)) {
    const key = Array.isArray(parsed) ? parsed[0] : parsed;
    if (!key.isPrivateKey()) return publicOnly(path, key);
    return {
      words,
      hasPrivate: true,
      publicKey: key,
      reveal: async () => key,
      sign: async (data, hash) => signed(key, data, hash, path),
    };
  }
  if (!isEncrypted(text)) {
    return { problem: failure('key-unreadable', `The file ${path} is not a private key that can be used.`) };
  }
  const publicKey = publicPartOf(text) ?? (await publicPartBeside(path));
  const open = async (): Promise<ParsedKey> => {
    for (let attempt = 0; attempt < passphraseTries; attempt++) {
      const passphrase = await askPassphrase(path, attempt > 0);
      if (passphrase === null) throw new PassphraseDeclined(path);
      const key = utils.parseKey(text, passphrase);
      if (!(key instanceof Error)) {
        const one = Array.isArray(key) ? key[0] : key;
        opened.set(path, one);
        return one;
      }
    }
    throw new PassphraseWrong(path);
  };
  const opening = async (): Promise<ParsedKey> => opened.get(path) ?? (await open());
  return {
    words,
    hasPrivate: true,
    publicKey,
    reveal: opening,
    sign: async (data, hash) => signed(await opening(), data, hash, path),
  };
}

/** A file that only says which of the agent's keys is meant. */
function publicOnly(path: string, publicKey: ParsedKey): FileIdentity {
  return {
    words: `the key ${path}`,
    hasPrivate: false,
    publicKey,
    reveal: async () => publicKey,
    sign: async () => {
      throw new Error(`${path} is a public key.`);
    },
  };
}

/** Thrown while opening a key, for whoever logs in to tell apart. */
export class PassphraseWrong extends Error {
  readonly keyPath: string;

  constructor(keyPath: string) {
    super(`The passphrase of the key ${keyPath} was wrong ${passphraseTries} times.`);
    this.keyPath = keyPath;
  }
}

export class PassphraseDeclined extends Error {
  readonly keyPath: string;

  constructor(keyPath: string) {
    super(`No passphrase was given for the key ${keyPath}.`);
    this.keyPath = keyPath;
  }
}

function signed(key: ParsedKey, data: Buffer, hash: string | undefined, path: string): Buffer {
  const signature = key.sign(data, hash) as Buffer | Error;
  if (signature instanceof Error) throw new Error(`The key ${path} cannot sign.`);
  return signature;
}

const isEncrypted = (text: Buffer): boolean =>
  utils.parseKey(text) instanceof Error && /encrypted/i.test((utils.parseKey(text) as Error).message);

/** The public key that an OpenSSH key file shows openly even when its private part is encrypted. */
export function publicPartOf(text: Buffer): ParsedKey | null {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END OPENSSH PRIVATE KEY-----/.exec(
    text.toString('latin1'),
  )?.[1];
  if (body === undefined) return null;
  const data = Buffer.from(body, 'base64');
  const magic = 'openssh-key-v1\0';
  if (data.toString('latin1', 0, magic.length) !== magic) return null;
  try {
    let at = magic.length;
    // cipher, kdf and its options stand before the count of keys and the first public key
    for (let skipped = 0; skipped < 3; skipped++) at += 4 + data.readUInt32BE(at);
    if (data.readUInt32BE(at) < 1) return null;
    const length = data.readUInt32BE(at + 4);
    const blob = data.subarray(at + 8, at + 8 + length);
    const key = utils.parseKey(Buffer.from(blob));
    return key instanceof Error ? null : Array.isArray(key) ? key[0] : key;
  } catch {
    return null;
  }
}

async function publicPartBeside(path: string): Promise<ParsedKey | null> {
  try {
    const key = utils.parseKey(await readFile(`${path}.pub`));
    return key instanceof Error ? null : Array.isArray(key) ? key[0] : key;
  } catch {
    return null;
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
