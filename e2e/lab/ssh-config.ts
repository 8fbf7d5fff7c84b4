/** What one types after `ssh` becomes, for one host of the lab. */
export interface SshHost {
  name: string;
  port: number;
  user: string;
  keyPath: string;
  knownHostsPath: string;
  /** `ssh-ed25519 AAAA...`, as the server shows it. */
  hostKey: string;
}

/** An ssh_config with one block a host, that talks to 127.0.0.1 and trusts exactly the lab's keys. */
export function renderSshConfig(hosts: readonly SshHost[]): string {
  return hosts
    .map((host) =>
      [
        `Host ${host.name}`,
        '  HostName 127.0.0.1',
        `  Port ${host.port}`,
        `  User ${host.user}`,
        `  IdentityFile ${quote(host.keyPath)}`,
        '  IdentitiesOnly yes',
        `  UserKnownHostsFile ${quote(host.knownHostsPath)}`,
        '  StrictHostKeyChecking yes',
        '',
      ].join('\n'),
    )
    .join('\n');
}

/** A known_hosts with the servers' own keys. */
export function renderKnownHosts(hosts: readonly SshHost[]): string {
  return hosts.map((host) => `[127.0.0.1]:${host.port} ${host.hostKey}\n`).join('');
}

function quote(word: string): string {
  return /[\s"#]/.test(word) ? `"${word.replaceAll('"', '\\"')}"` : word;
}
