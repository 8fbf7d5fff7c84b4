import { describe, expect, it } from 'vitest';
import { quote, renderAssignments, renderCommand, renderScript } from './command.ts';

describe('quoting', () => {
  it('leaves plain words as they are and quotes all others', () => {
    expect(renderCommand(['docker', 'run', '--name', 'a b', '', "it's", '$(id)', '~/x', 'a=b', '*'])).toBe(
      `docker run --name 'a b' '' 'it'\\''s' '$(id)' '~/x' a=b '*'`,
    );
  });

  it('refuses what no shell can carry', () => {
    expect(() => quote('a\0b')).toThrow('NUL');
  });

  it('hands a script its arguments as data', () => {
    expect(renderScript('echo "$1"', ['$(reboot)'])).toBe(`sh -c 'echo "$1"' switchyard '$(reboot)'`);
  });

  it('renders assignments one a line, values always quoted', () => {
    expect(renderAssignments({ STACK: 'shop', BY: "o'neil@box\n", EMPTY: '' })).toBe(
      `STACK='shop'\nBY='o'\\''neil@box\n'\nEMPTY=''\n`,
    );
  });
});
