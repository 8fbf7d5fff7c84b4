import { describe, expect, it } from 'vitest';
import { type ConfigSource, fitsPatterns, readConfigLines } from './config-lines.ts';
import { type HostSettings, type LocalFacts, namedAliases, resolveHost } from './host-settings.ts';
import { parseTarget } from './target.ts';

const local: LocalFacts = {
  home: '/home/ada',
  user: 'ada',
  userId: 1000,
  hostName: 'laptop.example',
  environment: { SSH_AUTH_SOCK: '/run/agent', OTHER_AGENT: '/run/other' },
  usualAgent: null,
};

function source(files: Record<string, string>): ConfigSource {
  return {
    read: async (path) => files[path] ?? null,
    glob: async (pattern) =>
      /[*?]/.test(pattern)
        ? Object.keys(files)
            .filter((path) => fitsPatterns([pattern], path))
            .sort()
        : [pattern],
  };
}

async function resolved(typed: string, config: string, others: Record<string, string> = {}): Promise<HostSettings> {
  const lines = await readConfigLines('/config', source({ '/config': config, ...others }), {
    includeFolder: '/home/ada/.ssh',
    home: '/home/ada',
  });
  const target = parseTarget(typed);
  if (!target.ok) throw new Error(target.failure.message);
  return resolveHost(target.value, lines, local);
}

describe('settings of a host', () => {
  it('are ssh’s own where no config says anything', async () => {
    expect(await resolved('nas', '')).toEqual({
      alias: 'nas',
      hostName: 'nas',
      port: 22,
      user: 'ada',
      identityFiles: ['/home/ada/.ssh/id_rsa', '/home/ada/.ssh/id_ecdsa', '/home/ada/.ssh/id_ed25519'],
      identitiesNamed: false,
      identitiesOnly: false,
      identityAgent: '/run/agent',
      userKnownHostsFiles: ['/home/ada/.ssh/known_hosts', '/home/ada/.ssh/known_hosts2'],
      globalKnownHostsFiles: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
      hostKeyAlias: null,
      strictHostKeyChecking: 'ask',
      hashKnownHosts: false,
      connectTimeoutMs: 10_000,
      jumps: [],
      proxyCommand: null,
    });
  });

  it('come from the first line that fits, and what was typed wins over all', async () => {
    const config =
      'Host home\n  HostName 10.0.0.2\n  User one\n  Port 2201\nHost *\n  User two\n  Port 2202\n  HostName x';
    expect(await resolved('home', config)).toMatchObject({ hostName: '10.0.0.2', user: 'one', port: 2201 });
    expect(await resolved('eve@home:99', config)).toMatchObject({ user: 'eve', port: 99, hostName: '10.0.0.2' });
    expect(await resolved('other', config)).toMatchObject({ user: 'two', hostName: 'x' });
  });

  it('know wildcards and negation', async () => {
    const config = 'Host *.lan !nas.lan\n  User lan\nHost na?.lan\n  User nas';
    expect((await resolved('pi.lan', config)).user).toBe('lan');
    expect((await resolved('nas.lan', config)).user).toBe('nas');
    expect((await resolved('nothing', config)).user).toBe('ada');
  });

  it('know Match host, originalhost, user, all and negation', async () => {
    const config = [
      'Host home',
      '  HostName 10.0.0.2',
      'Match host 10.0.0.* user ada',
      '  Port 1000',
      'Match originalhost other',
      '  Port 2000',
      'Match !host 10.0.0.2',
      '  Port 3000',
      'Match all',
      '  IdentitiesOnly yes',
    ].join('\n');
    expect(await resolved('home', config)).toMatchObject({ port: 1000, identitiesOnly: true });
    expect((await resolved('eve@home', config)).port).toBe(22);
    expect((await resolved('other', config)).port).toBe(2000);
    expect((await resolved('third', config)).port).toBe(3000);
  });

  it('run nothing for Match exec, and let neither it nor its negation fit', async () => {
    expect((await resolved('home', 'Match exec "touch /tmp/x"\n  Port 5\nMatch !exec "true"\n  Port 6')).port).toBe(22);
  });

  it('read Match final after everything else', async () => {
    expect((await resolved('home', 'Match final host 10.0.0.2\n  Port 7\nHost home\n  HostName 10.0.0.2')).port).toBe(
      7,
    );
  });

  it('follow Include, also with wildcards, relative paths and inside a Host', async () => {
    const others = {
      '/home/ada/.ssh/conf.d/a': 'Host a\n  Port 1\nHost *\n  User everyone',
      '/home/ada/.ssh/conf.d/b': 'Host b\n  Port 2',
      '/home/ada/only-c': 'Port 3\nHost d\n  Port 4',
    };
    const config = 'Include conf.d/*\nHost c\n  Include ~/only-c';
    expect(await resolved('a', config, others)).toMatchObject({ port: 1, user: 'everyone' });
    expect((await resolved('b', config, others)).port).toBe(2);
    expect((await resolved('c', config, others)).port).toBe(3);
    expect((await resolved('d', config, others)).port).toBe(22);
  });

  it('end when an Include includes itself', async () => {
    await expect(resolved('a', 'Include /config')).rejects.toThrow('deeper than 16');
  });

  it('add up identity files, with ~ and tokens', async () => {
    const config =
      'IdentityFile ~/.ssh/%h_%r\nHost home\n  HostName h\n  IdentityFile "%d/a key"\n  IdentityFile keys/%u%%\n';
    const settings = await resolved('home', config);
    expect(settings.identityFiles).toEqual(['/home/ada/.ssh/h_ada', '/home/ada/a key', '/home/ada/.ssh/keys/ada%']);
    expect(settings.identitiesNamed).toBe(true);
  });

  it('offer no file where IdentityFile is none', async () => {
    expect((await resolved('home', 'IdentityFile none')).identityFiles).toEqual([]);
  });

  it('know where the agent is', async () => {
    expect((await resolved('home', 'IdentityAgent none')).identityAgent).toBeNull();
    expect((await resolved('home', 'IdentityAgent ~/agent.sock')).identityAgent).toBe('/home/ada/agent.sock');
    expect((await resolved('home', 'IdentityAgent $OTHER_AGENT')).identityAgent).toBe('/run/other');
    expect((await resolved('home', 'IdentityAgent SSH_AUTH_SOCK')).identityAgent).toBe('/run/agent');
  });

  it('know the rest of what is asked of them', async () => {
    const config = [
      'UserKnownHostsFile ~/one "/two with blank"',
      'GlobalKnownHostsFile none',
      'HostKeyAlias home-key',
      'StrictHostKeyChecking accept-new',
      'HashKnownHosts yes',
      'ConnectTimeout 3',
      'ProxyJump eve@bastion:2222,second',
    ].join('\n');
    expect(await resolved('home', config)).toMatchObject({
      userKnownHostsFiles: ['/home/ada/one', '/two with blank'],
      globalKnownHostsFiles: [],
      hostKeyAlias: 'home-key',
      strictHostKeyChecking: 'accept-new',
      hashKnownHosts: true,
      connectTimeoutMs: 3000,
      jumps: [
        { typed: 'eve@bastion:2222', host: 'bastion', user: 'eve', port: 2222 },
        { typed: 'second', host: 'second', user: null, port: null },
      ],
    });
  });

  it('never let a changed key through: StrictHostKeyChecking no only accepts new ones', async () => {
    expect((await resolved('home', 'StrictHostKeyChecking no')).strictHostKeyChecking).toBe('accept-new');
    expect((await resolved('home', 'StrictHostKeyChecking yes')).strictHostKeyChecking).toBe('yes');
  });

  it('keep a ProxyCommand whole, and prefer ProxyJump', async () => {
    const command = `sh -c 'exec "a b" --hostname=%h | cat' # not a comment`;
    expect((await resolved('home', `ProxyCommand ${command}`)).proxyCommand).toBe(command);
    expect((await resolved('home', `ProxyJump b\nProxyCommand ${command}`)).proxyCommand).toBeNull();
    expect((await resolved('home', 'ProxyCommand none')).proxyCommand).toBeNull();
  });

  it('name the file that is malformed', async () => {
    await expect(resolved('home', 'Host "never closed\n')).rejects.toThrow('/config: ');
  });
});

describe('aliases to pick from', () => {
  it('are the names of Host lines without wildcards, with where they lead', async () => {
    const config = 'Host home nas *.lan !x\n  HostName 10.0.0.2\nHost home\n  User eve\nHost *\n  User all';
    const lines = await readConfigLines('/config', source({ '/config': config }), { includeFolder: '', home: '' });
    expect(namedAliases(lines, local)).toEqual([
      { alias: 'home', hostName: '10.0.0.2', user: 'eve' },
      { alias: 'nas', hostName: '10.0.0.2', user: 'all' },
    ]);
  });
});
