import { expect, test } from 'vitest';
import { CommandError, renderArgv, run, succeeds } from './command.ts';

test('a command gets its input and gives back what it printed', async () => {
  const lines: string[] = [];
  const result = await run(['sh', '-c', 'cat; echo oops >&2; exit 3'], {
    input: 'one\ntwo\n',
    okCodes: [3],
    onLine: (line) => lines.push(line),
  });
  expect(result).toEqual({ code: 3, stdout: 'one\ntwo\n', stderr: 'oops\n' });
  expect(lines.sort()).toEqual(['one', 'oops', 'two']);
});

test('an exit code that nobody declared is an error with the last words', async () => {
  const failing = run(['sh', '-c', 'echo no such thing >&2; exit 4']);
  await expect(failing).rejects.toThrow(/exit code 4\nno such thing/);
});

test('a missing program is an error that says so', async () => {
  await expect(run(['no-such-program'])).rejects.toThrow('no-such-program is not installed');
  expect(await succeeds(['no-such-program'])).toBe(false);
});

test('a command that takes too long is killed', async () => {
  await expect(run(['sleep', '60'], { timeoutMs: 50 })).rejects.toThrow(CommandError);
});

test('a command is shown as one would type it', () => {
  expect(renderArgv(['echo', "it's", 'a b', 'x=1'])).toBe(`echo 'it'\\''s' 'a b' x=1`);
});
