import { FailureError, failure } from '../../core/failure.ts';
import { hostWords, textOf } from './connect-failure.ts';
import type { HopOptions } from './hop-options.ts';
import { fingerprint, judgeHostKey, type KnownHostLine, keyAlgorithm, knownHostName } from './known-hosts.ts';
import { appendKnownHost } from './known-hosts-files.ts';
import type { Asker } from './login.ts';

/** Resolves when the key is known or was accepted, and then kept; rejects with FailureError. */
export async function verifyHostKey(
  key: Buffer,
  known: KnownHostLine[],
  keyHost: { name: string; port: number },
  ask: Asker,
  options: HopOptions,
): Promise<void> {
  const { settings } = options;
  const where = hostWords(settings);
  const sha256 = fingerprint(key);
  const shown = `${keyWords(key)} ${sha256}`;
  const verdict = judgeHostKey(key, known, keyHost);
  switch (verdict.kind) {
    case 'known':
      return;
    case 'revoked':
      throw new FailureError(
        failure('host-key-revoked', `${where} showed a host key that is marked as revoked.`, {
          detail: `${shown} (${verdict.file}:${verdict.line})`,
        }),
      );
    case 'changed': {
      const onFile = verdict.known.map(
        (each) => `${each.algorithm.replace(/^ssh-/, '').toUpperCase()} ${each.sha256} (${each.file}:${each.line})`,
      );
      throw new FailureError(
        failure(
          'host-key-changed',
          `${where} showed another host key than the one that is known. Nothing was sent to it.`,
          {
            detail: `shown: ${shown}; known: ${onFile.join(', ')}`,
          },
        ),
      );
    }
    case 'unknown':
      break;
  }
  if (settings.strictHostKeyChecking === 'yes') {
    throw new FailureError(
      failure(
        'host-key-unknown',
        `The host key of ${where} is not in known_hosts, and StrictHostKeyChecking lets no unknown host in.`,
        { detail: shown },
      ),
    );
  }
  if (settings.strictHostKeyChecking === 'ask') {
    const answer = await ask({
      kind: 'host-key',
      id: options.questionId(),
      algorithm: keyWords(key),
      sha256,
      host: where,
    });
    if (answer?.[0] !== 'accept') {
      throw new FailureError(
        failure('host-key-unknown', `The host key of ${where} was not accepted. Nothing was sent to it.`, {
          detail: shown,
        }),
      );
    }
  }
  const name = knownHostName(keyHost.name, keyHost.port);
  options.secrets.acceptedKeys.push({
    marker: null,
    hosts: { kind: 'patterns', patterns: [name] },
    key,
    file: '',
    line: 0,
  });
  try {
    await appendKnownHost(settings, key, keyHost);
  } catch (error) {
    throw new FailureError(
      failure('host-key-unknown', `The host key of ${where} could not be written to known_hosts: ${textOf(error)}.`, {
        detail: shown,
      }),
    );
  }
}

/** As ssh names key types: ED25519, ECDSA, RSA. */
export function keyWords(key: Buffer): string {
  const algorithm = keyAlgorithm(key) ?? 'unknown';
  if (algorithm.startsWith('ecdsa-')) return 'ECDSA';
  return algorithm.replace(/^ssh-/, '').toUpperCase();
}
