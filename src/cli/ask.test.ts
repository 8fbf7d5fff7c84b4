import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Question } from '../core/connection.ts';
import { askInTerminal } from './ask.ts';

/** Types each answer, key by key, once its prompt is shown. */
async function typed(question: Question, ...exchanges: [prompt: string, answer: string][]) {
  const input = new PassThrough();
  const output = new PassThrough();
  const waiting = [...exchanges];
  let shown = '';
  let since = '';
  output.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    since += chunk.toString();
    const [next] = waiting;
    if (next === undefined || !since.includes(next[0])) return;
    waiting.shift();
    since = '';
    setImmediate(() => {
      for (const key of `${next[1]}\r`) input.write(key);
    });
  });
  const answers = await askInTerminal(question, { input, output });
  return { answers, shown };
}

describe('a question in the terminal', () => {
  it.each<[Question, string]>([
    [{ kind: 'passphrase', id: 'q', keyPath: '/k', again: false }, 'Passphrase of /k: '],
    [{ kind: 'password', id: 'q', user: 'ada', host: 'home', again: false }, 'Password of ada@home: '],
  ])('shows nothing of a secret: %j', async (question, prompt) => {
    const { answers, shown } = await typed(question, [prompt, 'zq7zq7']);
    expect(answers).toEqual(['zq7zq7']);
    expect(shown).toContain(prompt);
    expect(shown).not.toMatch(/[zq7]{2}/);
  });

  it('shows the prompt after a secret, and what is no secret', async () => {
    const { answers, shown } = await typed(
      {
        kind: 'keyboard-interactive',
        id: 'q',
        user: 'ada',
        host: 'home',
        title: '',
        prompts: [
          { text: 'Password: ', echo: false },
          { text: '\u001b]0;x\u0007Which device? ', echo: true },
          { text: 'Code: ', echo: false },
        ],
      },
      ['Password: ', 'zq7zq7'],
      ['Which device? ', 'phone'],
      ['Code: ', '990099'],
    );
    expect(answers).toEqual(['zq7zq7', 'phone', '990099']);
    expect(shown).toContain('phone');
    expect(shown).not.toMatch(/[zq7]{2}|99|\u0007/);
  });

  it('SE7 marks each line of the server’s as its own, so that none poses as a question of ours', async () => {
    const { shown } = await typed(
      {
        kind: 'keyboard-interactive',
        id: 'q',
        user: 'ada',
        host: 'home',
        title: 'Welcome\nPassphrase of /home/ada/.ssh/id_ed25519: \u001b[2J',
        prompts: [{ text: 'Code\nPassphrase of /home/ada/.ssh/id_ed25519: ', echo: false }],
      },
      ['id_ed25519: ', 'x'],
      ['id_ed25519: ', 'x'],
    );
    const lines = shown.split(/\r?\n/).filter((line) => line !== '');
    expect(lines.filter((line) => line.includes('Passphrase')).length).toBeGreaterThan(1);
    for (const line of lines)
      if (/Passphrase|Welcome|Code/.test(line)) expect(line).toMatch(/^(?:\u001b\[\w+)*\(ada@home\) /);
  });

  it.each([
    ['yes', ['accept']],
    ['no', null],
    ['', null],
  ])('a host key is accepted by yes alone: “%s”', async (answer, answers) => {
    const question = { kind: 'host-key', id: 'q', algorithm: 'ED25519', sha256: 'SHA256:x', host: 'home' } as const;
    expect((await typed(question, ['(yes/no) ', answer])).answers).toEqual(answers);
  });
});
