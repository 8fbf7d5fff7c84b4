import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { renderScript } from '../core/command.ts';
import { serviceState } from '../testkit/engine/facts.ts';
import { outcome } from '../testkit/engine/fake-host.ts';
import { readJobLog } from './host/logs.ts';
import type { Shell } from './ports/shell.ts';
import { readReleases } from './releases.ts';
import { readStack } from './stack-reading.ts';
import { readWhole, wholeText, withEnd } from './whole-answer.ts';

const shells = ['sh', 'dash', 'bash', 'busybox'].filter((name) => spawnSync(name, ['-c', ':']).error === undefined);

const run = (shell: string, script: string, args: string[] = []) =>
  spawnSync(shell, [...(shell === 'busybox' ? ['sh'] : []), '-c', withEnd(script), 'x', ...args], { encoding: 'utf8' });

/** A shell of this machine, whose answers come as `cut` leaves them. */
const shellWith = (cut: (stdout: string) => string): Shell => ({
  run: async (command) => outcome(cut(spawnSync('sh', ['-c', command], { encoding: 'utf8', input: '' }).stdout)),
  follow: () => Promise.reject(new Error('not here')),
});

describe('TO2 an answer of the server', () => {
  it.each(shells)('is whole to the byte in %s, wherever its script ends', (shell) => {
    const said = [
      'printf "a\\nb"',
      'echo a; exit 0',
      'cd /nowhere 2>/dev/null || exit 3; echo no',
      'trap "echo bye" EXIT; echo $1',
      ':',
    ];
    expect(said.map((script) => wholeText(run(shell, script, ["it's"]).stdout))).toEqual([
      'a\nb',
      'a\n',
      '',
      "it's\nbye\n",
      '',
    ]);
  });

  it.each(shells)('of a shell that was killed in %s has no end', (shell) => {
    const killed = run(shell, 'echo a; kill -KILL "$(sh -c \'echo $PPID\')"; echo b');
    expect([killed.stdout, wholeText(killed.stdout)]).toEqual(['a\n', null]);
  });

  it('that was cut at any byte is not whole', () => {
    const whole = run('sh', 'printf "first\\nlast"').stdout;
    const cuts = Array.from({ length: whole.length }, (_, length) => wholeText(whole.slice(0, length)));
    expect([new Set(cuts), wholeText(whole)]).toEqual([new Set([null]), 'first\nlast']);
  });

  it('whose pipe was shut has no end', () => {
    const script = renderScript(withEnd('i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i + 1)); done'), []);
    const kept = execFileSync('sh', ['-c', `{ ${script} 2>/dev/null; } | head -n 20`], { encoding: 'utf8' });
    expect([kept.split('\n').length, wholeText(kept)]).toEqual([21, null]);
  });

  it('is not taken for whole by what a file says', () => {
    expect(wholeText('\u0001end\n and more')).toBeNull();
  });

  it('that was cut is “no answer”, and may be asked for again', async () => {
    const asked = await readWhole(
      shellWith((text) => text.slice(0, -1)),
      'echo a',
      [],
      {
        timeoutMs: 1,
        what: 'the history of web',
      },
    );
    expect(asked).toEqual({
      ok: false,
      failure: {
        code: 'no-answer',
        message: 'The server’s answer was cut short while the history of web was being read.',
        running: null,
        detail: null,
        transient: true,
      },
    });
  });

  it('of every reader is refused when it was cut, and taken when it was not', async () => {
    const readers = [
      (shell: Shell) => readReleases(shell, '/nowhere', serviceState()),
      (shell: Shell) => readJobLog(shell, '/nowhere', 'job1'),
      (shell: Shell) => readStack(shell, { name: 'shop', folder: '/nowhere', files: [] }, ''),
    ];
    const codes = async (cut: (text: string) => string) =>
      Promise.all(
        readers.map(async (read) => {
          const answer = await read(shellWith(cut));
          return answer.ok ? 'read' : answer.failure.code;
        }),
      );
    expect(await codes((text) => text)).toEqual(['read', 'read', 'compose-unreadable']);
    expect(await codes((text) => text.slice(0, -1))).toEqual(['no-answer', 'no-answer', 'no-answer']);
    expect(await codes(() => '')).toEqual(['no-answer', 'no-answer', 'no-answer']);
  });
});
