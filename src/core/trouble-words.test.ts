import { describe, expect, it } from 'vitest';
import { clockWords, dockerAwayWords, mendWords } from './trouble-words.ts';

describe('DN1 DN8 the words of what is down', () => {
  it('on a button', () => {
    expect(mendWords({ kind: 'put-back' })).toBe('Put it back');
    expect(mendWords({ kind: 'start' })).toBe('Start it again');
    expect(mendWords({ kind: 'go', to: 'green', verb: 'flip', version: '1.1.0' })).toBe('Go to 1.1.0');
  });

  it('a time of today is a clock, one of another day has its day', () => {
    const now = new Date(2026, 10, 28, 23, 5).getTime();
    expect(clockWords(new Date(2026, 10, 28, 9, 5).getTime(), now)).toBe('09:05');
    expect(clockWords(new Date(2026, 0, 2, 23, 59).getTime(), now)).toBe('2026-01-02 23:59');
  });

  it('DN5 Docker away', () => {
    const since = new Date(2026, 10, 28, 20, 58).getTime();
    expect(dockerAwayWords('home', since)).toEqual({
      title: 'Docker does not answer on home since 20:58',
      text: 'What is shown is from before. What runs there now, nobody can tell; it is looked at again every few seconds.',
      byHand: 'Start it on the server: sudo systemctl start docker',
    });
  });
});
