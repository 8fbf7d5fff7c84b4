import { describe, expect, it } from 'vitest';
import { handshakeFailure, hostWords, networkFailure, silenceFailure } from './connect-failure.ts';
import type { HostSettings } from './host-settings.ts';

const settings = { alias: 'home', hostName: '10.0.0.2', port: 2222 } as HostSettings;
const error = (code: string, text = code): Error => Object.assign(new Error(text), { code });

describe('how sentences name a host', () => {
  it.each([
    [{ alias: 'home', hostName: 'home', port: 22 }, 'home'],
    [{ alias: '10.0.0.2', hostName: '10.0.0.2', port: 2222 }, '10.0.0.2:2222'],
    [{ alias: 'home', hostName: '10.0.0.2', port: 22 }, 'home (10.0.0.2:22)'],
    [{ alias: 'home', hostName: '::1', port: 22 }, 'home ([::1]:22)'],
  ])('%j is %s', (host, words) => {
    expect(hostWords(host)).toBe(words);
  });
});

describe('what a failure of the network means', () => {
  it.each([
    ['ENOTFOUND', 'name-unknown', 'No machine is known by the name 10.0.0.2.'],
    ['EAI_AGAIN', 'name-unknown', 'No machine is known by the name 10.0.0.2.'],
    ['ECONNREFUSED', 'port-closed', 'home (10.0.0.2:2222) refused the connection: nothing listens on port 2222.'],
    ['EHOSTUNREACH', 'host-unreachable', 'home (10.0.0.2:2222) cannot be reached from here.'],
    ['ENETUNREACH', 'host-unreachable', 'home (10.0.0.2:2222) cannot be reached from here.'],
    ['ETIMEDOUT', 'host-unreachable', 'home (10.0.0.2:2222) cannot be reached from here.'],
    ['ECONNRESET', 'no-answer', 'home (10.0.0.2:2222) closed the connection before it said who it is.'],
    ['EWEIRD', 'host-unreachable', 'home (10.0.0.2:2222) cannot be reached: EWEIRD.'],
  ])('%s is %s', (code, expected, message) => {
    expect(networkFailure(error(code), settings)).toEqual({
      code: expected,
      message,
      running: null,
      detail: code,
      transient: true,
    });
  });
});

describe('what a broken handshake means', () => {
  it('tells something that is no ssh from ssh that broke off', () => {
    expect(handshakeFailure(new Error('Invalid identification string'), settings, false)).toMatchObject({
      code: 'no-answer',
      message: 'Something answers at home (10.0.0.2:2222), but it does not speak SSH.',
    });
    expect(handshakeFailure(new Error('Connection lost before handshake'), settings, false)).toMatchObject({
      code: 'no-answer',
    });
    expect(handshakeFailure(error('ECONNRESET'), settings, true)).toMatchObject({ code: 'link-lost' });
    expect(handshakeFailure(new Error('Handshake failed: no matching host key format'), settings, false)).toMatchObject(
      {
        code: 'no-answer',
        transient: false,
      },
    );
  });

  it('tells silence before the first word from silence while logging in', () => {
    expect(silenceFailure(settings, false, 10_000).message).toBe(
      'home (10.0.0.2:2222) accepted the connection and then said nothing for 10 s.',
    );
    expect(silenceFailure(settings, true, 20_000).message).toBe(
      'home (10.0.0.2:2222) stopped answering for 20 s while logging in.',
    );
  });
});
