import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { fitsPatterns } from './config-lines.ts';

/** One usable line of a known_hosts file. `key` is the public key as it goes over the wire. */
export type KnownHostLine = {
  marker: 'revoked' | 'cert-authority' | null;
  hosts: { kind: 'patterns'; patterns: string[] } | { kind: 'hashed'; salt: Buffer; hash: Buffer };
  key: Buffer;
  file: string;
  line: number;
};

/**
 *   known      the very key is on file for this host
 *   unknown    no key of this host is on file (a certificate authority does not count: certificates are not verified here)
 *   changed    keys of this host are on file, and this is none of them
 *   revoked    the key is marked @revoked
 */
export type HostKeyVerdict =
  | { kind: 'known' }
  | { kind: 'unknown' }
  | { kind: 'changed'; known: { sha256: string; algorithm: string; file: string; line: number }[] }
  | { kind: 'revoked'; file: string; line: number };

/** The lines of one known_hosts file. Lines that cannot be understood are passed over, as ssh does. */
export function parseKnownHosts(text: string, file: string): KnownHostLine[] {
  const lines: KnownHostLine[] = [];
  text.split(/\r?\n/).forEach((raw, index) => {
    const words = raw.trim().split(/\s+/);
    if (words[0] === '' || words[0]?.startsWith('#')) return;
    let marker: KnownHostLine['marker'] = null;
    if (words[0]?.startsWith('@')) {
      const name = words.shift()?.slice(1);
      if (name !== 'revoked' && name !== 'cert-authority') return;
      marker = name;
    }
    const [names, , encoded] = words;
    if (names === undefined || encoded === undefined) return;
    const key = Buffer.from(encoded, 'base64');
    if (keyAlgorithm(key) === null) return;
    const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(names);
    lines.push({
      marker,
      hosts: hashed
        ? {
            kind: 'hashed',
            salt: Buffer.from(hashed[1] ?? '', 'base64'),
            hash: Buffer.from(hashed[2] ?? '', 'base64'),
          }
        : { kind: 'patterns', patterns: names.split(',') },
      key,
      file,
      line: index + 1,
    });
  });
  return lines;
}

/** The name that stands for a host in known_hosts: `host`, or `[host]:port` where the port is not 22. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/**
 * What known_hosts says about a key that a host just showed. Pure.
 * On another port than 22 a key that is on file for the plain name is known as well, as for ssh.
 */
export function judgeHostKey(
  key: Buffer,
  lines: KnownHostLine[],
  host: { name: string; port: number },
): HostKeyVerdict {
  const ofHost = linesOf(lines, host);
  const plain = host.port === 22 ? ofHost : linesOf(lines, { name: host.name, port: 22 });
  const isKey = (line: KnownHostLine): boolean => line.key.equals(key);

  const revoked = [...ofHost, ...plain].find((line) => line.marker === 'revoked' && isKey(line));
  if (revoked) return { kind: 'revoked', file: revoked.file, line: revoked.line };

  const onFile = ofHost.filter((line) => line.marker === null);
  if (onFile.some(isKey)) return { kind: 'known' };
  if (onFile.length > 0) {
    return {
      kind: 'changed',
      known: onFile.map((line) => ({
        sha256: fingerprint(line.key),
        algorithm: keyAlgorithm(line.key) ?? '',
        file: line.file,
        line: line.line,
      })),
    };
  }
  if (plain.some((line) => line.marker === null && isKey(line))) return { kind: 'known' };
  return { kind: 'unknown' };
}

/**
 * The order in which to offer host key algorithms: the types on file for this host first. Otherwise a host that is
 * known by one key would show another one and look changed.
 */
export function hostKeyOrder(usual: string[], lines: KnownHostLine[], host: { name: string; port: number }): string[] {
  const onFile = [...linesOf(lines, host), ...linesOf(lines, { name: host.name, port: 22 })].filter(
    (line) => line.marker === null,
  );
  const types = new Set(onFile.map((line) => keyAlgorithm(line.key)));
  const isOnFile = (algorithm: string): boolean => types.has(algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm);
  return [...usual.filter(isOnFile), ...usual.filter((algorithm) => !isOnFile(algorithm))];
}

/** A line to append for an accepted key, with its line end. */
export function renderKnownHost(key: Buffer, host: { name: string; port: number }, hashed: boolean): string {
  const name = knownHostName(host.name, host.port);
  let shown = name;
  if (hashed) {
    const salt = randomBytes(20);
    shown = `|1|${salt.toString('base64')}|${hashedName(salt, name).toString('base64')}`;
  }
  return `${shown} ${keyAlgorithm(key) ?? ''} ${key.toString('base64')}\n`;
}

/** The fingerprint as `ssh-keygen -l` prints it: `SHA256:…` without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The algorithm that a public key names itself by, or null when it is no key. */
export function keyAlgorithm(key: Buffer): string | null {
  if (key.length < 8) return null;
  const length = key.readUInt32BE(0);
  if (length === 0 || length > 64 || key.length < 4 + length) return null;
  const name = key.toString('latin1', 4, 4 + length);
  return /^[\w@.-]+$/.test(name) ? name : null;
}

function linesOf(lines: KnownHostLine[], host: { name: string; port: number }): KnownHostLine[] {
  const name = knownHostName(host.name, host.port);
  return lines.filter(({ hosts }) => {
    if (hosts.kind === 'patterns') return fitsPatterns(hosts.patterns, name);
    const expected = hashedName(hosts.salt, name);
    return expected.length === hosts.hash.length && timingSafeEqual(expected, hosts.hash);
  });
}

const hashedName = (salt: Buffer, name: string): Buffer => createHmac('sha1', salt).update(name).digest();
