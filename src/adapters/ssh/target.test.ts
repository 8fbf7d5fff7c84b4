import { describe, expect, it } from 'vitest';
import { parseTarget } from './target.ts';

const parsed = (text: string) => {
  const result = parseTarget(text);
  return result.ok ? { ...result.value, typed: undefined } : result.failure.code;
};

describe('a target as one types it after ssh', () => {
  it.each([
    ['home', { host: 'home', user: null, port: null }],
    ['  home  ', { host: 'home', user: null, port: null }],
    ['ada@home', { host: 'home', user: 'ada', port: null }],
    ['ada@home.example:2222', { host: 'home.example', user: 'ada', port: 2222 }],
    ['192.168.1.5', { host: '192.168.1.5', user: null, port: null }],
    ['192.168.1.5:22', { host: '192.168.1.5', user: null, port: 22 }],
    ['fe80::1%eth0', { host: 'fe80::1%eth0', user: null, port: null }],
    ['ada@[2001:db8::1]:2222', { host: '2001:db8::1', user: 'ada', port: 2222 }],
    ['[2001:db8::1]', { host: '2001:db8::1', user: null, port: null }],
    ['ada@corp.example@bastion', { host: 'bastion', user: 'ada@corp.example', port: null }],
    ['ssh://ada@home:2222', { host: 'home', user: 'ada', port: 2222 }],
    ['ssh://home/', { host: 'home', user: null, port: null }],
    ['ssh://a%64a@home', { host: 'home', user: 'ada', port: null }],
  ])('reads %s', (text, expected) => {
    expect(parsed(text)).toEqual({ ...expected, typed: undefined });
  });

  it.each([
    '',
    '   ',
    '-oProxyCommand=evil',
    'ada@-oProxyCommand=evil',
    'home; rm -rf /',
    'home$(id)',
    '`id`@home',
    'home\nother',
    'home/path',
    'ssh://home/path',
    '@home',
    'ada@',
    ':22',
    'home:',
    'home:0',
    'home:65536',
    'home:22x',
    '[not-v6',
    'a:b:c',
  ])('refuses %j', (text) => {
    expect(parsed(text)).toBe('target-invalid');
  });

  it('says what is wrong in a sentence', () => {
    const result = parseTarget('home:99999');
    expect(result.ok ? null : result.failure.message).toBe(
      '“home:99999” is not an address that ssh would understand: the port is not a number from 1 to 65535.',
    );
  });
});
