import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { chooseEndpoint, parseProbe, probeCommand } from './probe.ts';

const facts = (text: string) => {
  const parsed = parseProbe(`banner of the login shell\nswitchyard-probe\nuser ada\n${text}\nend\n`);
  if (parsed === null || parsed === 'cut') throw new Error('not parsed');
  return parsed;
};
const chosen = (text: string) => {
  const result = chooseEndpoint(facts(text), 'home');
  return result.ok ? result.value : { code: result.failure.code, message: result.failure.message };
};

describe('where Docker is on a host', () => {
  it('is asked in one line that any login shell can read', () => {
    const inner = probeCommand.slice("sh -c '".length, -1);
    expect(inner).not.toMatch(/['\\\n!]/);
    execFileSync('sh', ['-n', '-c', inner]);
  });

  it('is the first socket that this user may use', () => {
    expect(chosen('usable /var/run/docker.sock\nusable /run/docker.sock\ncommand')).toEqual({
      kind: 'socket',
      path: '/var/run/docker.sock',
    });
    expect(chosen('closed /var/run/docker.sock\nusable /run/user/1000/docker.sock')).toEqual({
      kind: 'socket',
      path: '/run/user/1000/docker.sock',
    });
    expect(chosen('usable /run/user/1000/podman/podman.sock')).toEqual({
      kind: 'socket',
      path: '/run/user/1000/podman/podman.sock',
    });
  });

  it('is what the operator configured, wherever that is', () => {
    expect(chosen('configured unix:///srv/docker.sock\nusable /srv/docker.sock\nusable /var/run/docker.sock')).toEqual({
      kind: 'socket',
      path: '/srv/docker.sock',
    });
    expect(chosen('configured tcp://127.0.0.1:2375')).toEqual({ kind: 'address', host: '127.0.0.1', port: 2375 });
    expect(chosen('configured tcp://[::1]:2375')).toEqual({ kind: 'address', host: '::1', port: 2375 });
    expect(chosen('configured unix:///srv/docker.sock\nusable /var/run/docker.sock')).toEqual({
      code: 'docker-stopped',
      message: 'Docker on home is configured to be at /srv/docker.sock, but there is no socket.',
    });
    expect(chosen('configured unix:///srv/docker.sock\nclosed /srv/docker.sock')).toMatchObject({
      code: 'docker-forbidden',
    });
    expect(chosen('configured ssh://other')).toEqual({
      code: 'docker-missing',
      message: 'Docker on home is configured to be at ssh://other, which cannot be used from here.',
    });
    expect(chosen('configured tcp://127.0.0.1:2376')).toMatchObject({ code: 'docker-missing' });
  });

  it('tells forbidden, stopped and missing apart', () => {
    expect(chosen('closed /var/run/docker.sock\ncommand')).toEqual({
      code: 'docker-forbidden',
      message: 'The user ada may not use Docker’s socket /var/run/docker.sock on home.',
    });
    expect(chosen('command')).toEqual({
      code: 'docker-stopped',
      message: 'Docker is installed on home, but its engine is not running: there is no socket.',
    });
    expect(chosen('')).toEqual({ code: 'docker-missing', message: 'There is no Docker on home.' });
  });

  it('is not known where no shell ran the question', () => {
    expect(parseProbe('This account is currently not available.\n')).toBeNull();
  });

  it('TO2 is not known of an answer that was cut short', () => {
    const whole = 'switchyard-probe\nuser ada\nusable /run/docker.sock\ncommand\nend\n';
    const cuts = Array.from({ length: whole.length - 2 }, (_, length) => parseProbe(whole.slice(0, length)));
    expect(new Set(cuts)).toEqual(new Set([null, 'cut']));
    expect(parseProbe(whole)).toMatchObject({ user: 'ada', hasCommand: true });
  });
});
