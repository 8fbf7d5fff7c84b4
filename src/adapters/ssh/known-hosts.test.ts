import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  fingerprint,
  hostKeyOrder,
  judgeHostKey,
  type KnownHostLine,
  keyAlgorithm,
  parseKnownHosts,
  renderKnownHost,
} from './known-hosts.ts';

const wire = (algorithm: string, body: string): Buffer => {
  const part = (text: string): Buffer => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return Buffer.concat([part(algorithm), part(body)]);
};
const key = wire('ssh-ed25519', 'the host');
const other = wire('ssh-ed25519', 'somebody else');
const rsa = wire('ssh-rsa', 'the host by rsa');
const line = (names: string, which: Buffer, marker = ''): string =>
  `${marker}${names} ${keyAlgorithm(which)} ${which.toString('base64')} a comment`;
const home = { name: 'home.lan', port: 22 };
const judged = (text: string, which = key, host = home) => judgeHostKey(which, parseKnownHosts(text, 'kh'), host).kind;

describe('what known_hosts says about a key', () => {
  it('finds plain names, lists and any case', () => {
    expect(judged(line('home.lan', key))).toBe('known');
    expect(judged(line('other,HOME.lan,10.0.0.2', key))).toBe('known');
    expect(judged(line('other', key))).toBe('unknown');
    expect(judged('')).toBe('unknown');
  });

  it('finds wildcards, and a negation wins', () => {
    expect(judged(line('*.lan', key))).toBe('known');
    expect(judged(line('home.la?', key))).toBe('known');
    expect(judged(line('*.lan,!home.lan', key))).toBe('unknown');
  });

  it('does not take a dot for any character', () => {
    expect(judged(line('homexlan', key))).toBe('unknown');
  });

  it('finds hashed names, as ssh-keygen -H writes them', () => {
    const salt = Buffer.alloc(20, 7);
    const hash = createHmac('sha1', salt).update('home.lan').digest('base64');
    expect(judged(line(`|1|${salt.toString('base64')}|${hash}`, key))).toBe('known');
    expect(judged(line(`|1|${salt.toString('base64')}|${hash}`, key), key, { name: 'nas', port: 22 })).toBe('unknown');
  });

  it('takes the port into account', () => {
    const at2222 = { name: 'home.lan', port: 2222 };
    expect(judged(line('[home.lan]:2222', key), key, at2222)).toBe('known');
    expect(judged(line('[home.lan]:2222', key))).toBe('unknown');
    expect(judged(line('[home.lan]:2222', other), key, at2222)).toBe('changed');
  });

  it('knows the very key of the plain name on another port too, and only the very key', () => {
    const at2222 = { name: 'home.lan', port: 2222 };
    expect(judged(line('home.lan', key), key, at2222)).toBe('known');
    expect(judged(line('home.lan', other), key, at2222)).toBe('unknown');
  });

  it('tells a changed key, with all that are on file and where', () => {
    const text = `# a comment\n${line('home.lan', other)}\n${line('home.lan', rsa)}`;
    expect(judgeHostKey(key, parseKnownHosts(text, 'kh'), home)).toEqual({
      kind: 'changed',
      known: [
        { sha256: fingerprint(other), algorithm: 'ssh-ed25519', file: 'kh', line: 2 },
        { sha256: fingerprint(rsa), algorithm: 'ssh-rsa', file: 'kh', line: 3 },
      ],
    });
  });

  it('calls a key of another type changed: types on file are asked for first, so the host has none of them any more', () => {
    expect(judged(line('home.lan', rsa))).toBe('changed');
  });

  it('lets one good line among others be enough', () => {
    expect(judged(`${line('home.lan', other)}\n${line('home.lan', key)}`)).toBe('known');
  });

  it('refuses a revoked key even where another line knows it', () => {
    const text = `${line('home.lan', key)}\n${line('*', key, '@revoked ')}`;
    expect(judgeHostKey(key, parseKnownHosts(text, 'kh'), home)).toEqual({ kind: 'revoked', file: 'kh', line: 2 });
    expect(judged(line('*', other, '@revoked '))).toBe('unknown');
    expect(judged(line('home.lan', key, '@revoked '), key, { name: 'home.lan', port: 2222 })).toBe('revoked');
  });

  it('takes a certificate authority for no host key', () => {
    expect(judged(line('*.lan', key, '@cert-authority '))).toBe('unknown');
  });

  it('passes over lines that cannot be understood', () => {
    const text = ['home.lan', 'home.lan ssh-ed25519 !!!', '@other home.lan x y', '|1|a home', '\u0000', ''].join('\n');
    expect(parseKnownHosts(text, 'kh')).toEqual([]);
  });
});

describe('what is written and offered', () => {
  it('writes a line that is found again, plain and hashed', () => {
    for (const host of [home, { name: 'Home.lan', port: 2222 }, { name: '2001:db8::1', port: 22 }]) {
      for (const hashed of [false, true]) {
        const text = renderKnownHost(key, host, hashed);
        expect(text.endsWith('\n')).toBe(true);
        expect(text.startsWith('|1|')).toBe(hashed);
        expect(judged(text, key, host)).toBe('known');
      }
    }
  });

  it('offers the types on file first', () => {
    const usual = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'];
    const lines: KnownHostLine[] = parseKnownHosts(line('home.lan', rsa), 'kh');
    expect(hostKeyOrder(usual, lines, home)).toEqual([
      'rsa-sha2-512',
      'rsa-sha2-256',
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
    ]);
    expect(hostKeyOrder(usual, lines, { name: 'nas', port: 22 })).toEqual(usual);
  });

  it('prints a fingerprint as ssh does', () => {
    const real = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl', 'base64');
    // What GitHub publishes for this key of theirs.
    expect(fingerprint(real)).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
  });
});
