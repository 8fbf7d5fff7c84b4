import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailureError } from '../../core/failure.ts';
import type { Shell } from '../../engine/ports/shell.ts';

export type ShellUnderTest = { shell: Shell; close(): unknown };

/** What every Shell promises. `open` is called once; the host needs sh, cat, sleep and seq. */
export function describeShell(name: string, open: () => Promise<ShellUnderTest>): void {
  describe(`Shell: ${name}`, () => {
    let under: ShellUnderTest;
    let shell: Shell;

    beforeAll(async () => {
      under = await open();
      shell = under.shell;
    });
    afterAll(() => under?.close());

    it('answers with output, errors and the exit code', async () => {
      expect(await shell.run('echo out; echo err >&2; exit 3')).toEqual({
        code: 3,
        signal: null,
        stdout: 'out\n',
        stderr: 'err\n',
      });
    });

    it('tells how a quick command ended, every time', async () => {
      for (let index = 0; index < 40; index++) expect((await shell.run(`exit ${index}`)).code).toBe(index);
    });

    it('tells the signal that ended a command', async () => {
      expect(await shell.run('kill -KILL $$')).toMatchObject({ code: null, signal: 'SIGKILL' });
    });

    it('carries standard input byte for byte, and closes it', async () => {
      const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 256);
      const outcome = await shell.run('cat | cksum', { stdin: bytes });
      const again = await shell.run('cat | cksum', { stdin: Buffer.from(bytes) });
      expect(outcome).toEqual(again);
      expect(outcome.stdout.split(' ')[1]?.trim()).toBe('300000');
      expect((await shell.run('cat')).stdout).toBe('');
    });

    it('takes a command that does not read what it is given', async () => {
      expect(await shell.run('exit 0', { stdin: new Uint8Array(1_000_000) })).toMatchObject({ code: 0 });
    });

    it('keeps characters whole in long output', async () => {
      const { stdout } = await shell.run('for i in $(seq 2000); do echo "grün 🚂 größer als ein Paket"; done');
      expect(stdout).toBe('grün 🚂 größer als ein Paket\n'.repeat(2000));
    });

    it('gives the command to a shell as it is', async () => {
      expect((await shell.run(`printf '%s|' "a b" 'c"d' '$(id)' "\${HOME:+home}"; echo`)).stdout).toBe(
        'a b|c"d|$(id)|home|\n',
      );
    });

    it('runs many at once', async () => {
      const outcomes = await Promise.all(Array.from({ length: 24 }, (_, index) => shell.run(`echo ${index}`)));
      expect(outcomes.map((each) => each.stdout)).toEqual(Array.from({ length: 24 }, (_, index) => `${index}\n`));
    });

    it('stops waiting when it is cancelled, before and while it runs', async () => {
      const abort = new AbortController();
      const running = shell.run('sleep 20', { signal: abort.signal });
      setTimeout(() => abort.abort(), 50);
      await expect(running).rejects.toMatchObject({ failure: { code: 'cancelled' } });
      await expect(shell.run('true', { signal: abort.signal })).rejects.toMatchObject({
        failure: { code: 'cancelled' },
      });
    });

    it('stops waiting when the time is over', async () => {
      const failure = await shell.run('sleep 20', { timeoutMs: 80 }).catch((error: FailureError) => error.failure);
      expect(failure).toMatchObject({ code: 'no-answer', transient: true });
    });

    it('follows output as it comes, both streams', async () => {
      const heard: [string, string][] = [];
      const outcome = await shell.follow('echo one; echo two >&2; exit 5', {
        signal: new AbortController().signal,
        onOutput: (chunk, stream) => heard.push([stream, chunk]),
      });
      expect(outcome).toEqual({ code: 5 });
      expect(Object.fromEntries(heard)).toEqual({ out: 'one\n', err: 'two\n' });
    });

    it('ends what it follows when it is told to', async () => {
      const abort = new AbortController();
      let heard = '';
      const outcome = await shell.follow('echo begun; exec sleep 10', {
        signal: abort.signal,
        onOutput: (chunk) => {
          heard += chunk;
          abort.abort();
        },
      });
      expect(outcome).toEqual({ code: null });
      expect(heard).toBe('begun\n');
      expect(await shell.follow('echo never', { signal: abort.signal, onOutput: () => {} })).toEqual({ code: null });
    });
  });
}
