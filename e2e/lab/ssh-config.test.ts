import { expect, test } from 'vitest';
import { renderKnownHosts, renderSshConfig, type SshHost } from './ssh-config.ts';

const home: SshHost = {
  name: 'home',
  port: 2201,
  user: 'home',
  keyPath: '/lab/id_ed25519',
  knownHostsPath: '/a folder/known_hosts',
  hostKey: 'ssh-ed25519 AAAA',
};

test('a host is reached on loopback with the lab’s key and nothing else', () => {
  expect(renderSshConfig([home])).toBe(`Host home
  HostName 127.0.0.1
  Port 2201
  User home
  IdentityFile /lab/id_ed25519
  IdentitiesOnly yes
  UserKnownHostsFile "/a folder/known_hosts"
  StrictHostKeyChecking yes
`);
});

test('hosts are separated by an empty line', () => {
  expect(renderSshConfig([home, { ...home, name: 'edge' }]).split('\n\n')).toHaveLength(2);
});

test('a known host is named by address and port', () => {
  expect(renderKnownHosts([home, { ...home, port: 2202 }])).toBe(
    '[127.0.0.1]:2201 ssh-ed25519 AAAA\n[127.0.0.1]:2202 ssh-ed25519 AAAA\n',
  );
});
