/** Something wrong with a server, as shell for root there. Undoing what was not applied does nothing. */
export interface FaultScript {
  apply: string;
  undo: string;
}

const compose = '/usr/libexec/docker/cli-plugins/docker-compose';
const olderCompose = '/usr/local/lib/docker/cli-plugins/docker-compose';

/** A plugin that says it is compose 2.10.0, and leaves all else to the real one. */
const olderComposeScript = `#!/bin/sh
if [ "$1" = docker-cli-plugin-metadata ]; then
  echo '{"SchemaVersion":"0.1.0","Vendor":"Docker Inc.","Version":"v2.10.0","ShortDescription":"Docker Compose"}'
  exit 0
fi
shift
case " $* " in
  *" version "*--short*) echo 2.10.0 ;;
  *" version "*json*) echo '{"version":"v2.10.0"}' ;;
  *" version "*) echo 'Docker Compose version v2.10.0' ;;
  *) exec ${compose} compose "$@" ;;
esac
`;

const stop = (name: 'docker' | 'sshd') =>
  `touch /run/lab/hold-${name}; pid=$(cat /run/lab/${name}.pid 2>/dev/null) && kill "$pid" && while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done; true`;

/** A new listener reads the host key anew; sessions stay. */
const restartSshd =
  'old=$(cat /run/lab/sshd.pid); kill "$old"; while [ "$(cat /run/lab/sshd.pid 2>/dev/null || echo "$old")" = "$old" ]; do sleep 0.05; done';

/** Moves a program out of the way. */
const hide = (file: string): FaultScript => ({
  apply: `mv ${file} ${file}.hidden`,
  undo: `if [ -e ${file}.hidden ]; then mv ${file}.hidden ${file}; fi`,
});

export const faultScripts = {
  'docker-stopped': { apply: stop('docker'), undo: 'rm -f /run/lab/hold-docker' },
  'sshd-stopped': { apply: stop('sshd'), undo: 'rm -f /run/lab/hold-sshd' },
  // A connection is still taken, by the kernel, and then nothing is ever said.
  'sshd-paused': {
    apply: 'kill -STOP "$(cat /run/lab/sshd.pid)"',
    undo: 'if [ -e /run/lab/sshd.pid ]; then kill -CONT "$(cat /run/lab/sshd.pid)"; fi',
  },
  // Packets vanish, in sessions that are open as well; nobody is told.
  'link-silent': {
    apply: 'iptables -I INPUT -p tcp --dport 22 -j DROP',
    undo: 'while iptables -D INPUT -p tcp --dport 22 -j DROP 2>/dev/null; do :; done',
  },
  'docker-missing': hide('/usr/bin/docker'),
  'compose-missing': hide(compose),
  'compose-old': {
    apply: `install -d ${olderCompose.slice(0, olderCompose.lastIndexOf('/'))}; cat >${olderCompose} <<'PLUGIN'\n${olderComposeScript}PLUGIN\nchmod 755 ${olderCompose}`,
    undo: `rm -f ${olderCompose}`,
  },
  'host-key-changed': {
    apply: `cd /etc/ssh; mv ssh_host_ed25519_key first_key; mv ssh_host_ed25519_key.pub first_key.pub; ssh-keygen -q -t ed25519 -N '' -C '' -f ssh_host_ed25519_key; ${restartSshd}`,
    undo: `if [ -e /etc/ssh/first_key ]; then cd /etc/ssh; mv first_key ssh_host_ed25519_key; mv first_key.pub ssh_host_ed25519_key.pub; ${restartSshd}; fi`,
  },
  'registry-refuses': {
    apply: 'iptables -I OUTPUT -p tcp --dport 5000 -j REJECT --reject-with tcp-reset',
    undo: 'while iptables -D OUTPUT -p tcp --dport 5000 -j REJECT --reject-with tcp-reset 2>/dev/null; do :; done',
  },
  'registry-silent': {
    apply: 'iptables -I OUTPUT -p tcp --dport 5000 -j DROP',
    undo: 'while iptables -D OUTPUT -p tcp --dport 5000 -j DROP 2>/dev/null; do :; done',
  },
  // Where the engine puts what it downloads; what is there already stays usable, as on a full disk.
  'disk-full': {
    apply: 'mount -t tmpfs -o size=64k,mode=700 tmpfs /var/lib/docker/tmp',
    undo: 'while umount /var/lib/docker/tmp 2>/dev/null; do :; done',
  },
} as const satisfies Record<string, FaultScript>;

export type FaultName = keyof typeof faultScripts;

/** Shell that makes a folder read-only for everybody, and writable again. */
export function readOnlyFolderScript(folder: string): FaultScript {
  return {
    apply: `mount --bind ${folder} ${folder} && mount -o remount,ro,bind ${folder}`,
    // Lazily where somebody still stands in it.
    undo: `while umount ${folder} 2>/dev/null || umount -l ${folder} 2>/dev/null; do :; done`,
  };
}

/** Shell that undoes every fault there is, for servers that a test left behind. */
export function renderHealScript(folders: readonly string[]): string {
  return [...Object.values(faultScripts), ...folders.map(readOnlyFolderScript)]
    .map(({ undo }) => `( ${undo} )\n`)
    .join('');
}
