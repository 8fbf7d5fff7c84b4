import type { FailureCode } from '../core/failure.ts';

/** What to do about a failure: one sentence, and a command to type on the server where one helps. */
export type Remedy = { advice: string; command: string | null };

const remedy = (advice: string, command: string | null = null): Remedy => ({ advice, command });

/** The one place that turns a code into advice. */
export const remedies: Record<FailureCode, Remedy> = {
  'target-invalid': remedy('Type what you would type after ssh: an alias, host, user@host or user@host:port.'),
  'name-unknown': remedy('Check the spelling, or use the address. Aliases of ~/.ssh/config work as they are.'),
  'port-closed': remedy(
    'The machine answers but nothing listens there. Check the port, and that sshd runs.',
    'sudo systemctl status ssh',
  ),
  'host-unreachable': remedy('Check that the machine is on and in the same network or VPN as this one.'),
  'no-answer': remedy(
    'The server did not answer in time, or not whole. Check the port and the load of the server, then try again.',
  ),
  'host-key-unknown': remedy(
    'Compare the fingerprint with what the server prints, then accept it.',
    'for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf "$f"; done',
  ),
  'host-key-changed': remedy(
    'If you reinstalled the server, remove the old key from known_hosts yourself and connect again. If not, somebody may be in between: stop here.',
  ),
  'host-key-revoked': remedy('This key is marked @revoked in known_hosts. Do not connect before you know why.'),
  'login-refused': remedy(
    'Check the user name, and that your public key is in the server’s authorized_keys; ssh-copy-id puts it there.',
  ),
  'key-unreadable': remedy('Check the path and the rights of the key file named above.'),
  'passphrase-wrong': remedy('Type the passphrase of the key again, or add the key to your ssh-agent.', 'ssh-add'),
  'link-lost': remedy('The job goes on by itself on the server. Switchyard looks again as soon as the link is back.'),
  cancelled: remedy('Start again when you like.'),
  'docker-missing': remedy('Install the Docker engine on the server.', 'curl -fsSL https://get.docker.com | sh'),
  'docker-stopped': remedy('Start the Docker engine on the server.', 'sudo systemctl start docker'),
  'docker-forbidden': remedy(
    'Put the user in the docker group, log in again, then retry.',
    'sudo usermod -aG docker "$USER"',
  ),
  'compose-missing': remedy('Install the compose plugin on the server.', 'sudo apt-get install docker-compose-plugin'),
  'compose-old': remedy(
    'Update the compose plugin to 2.24.4 or later.',
    'sudo apt-get install --only-upgrade docker-compose-plugin',
  ),
  'shell-missing': remedy(
    'Switchyard needs a POSIX shell at login. Give the user /bin/sh.',
    'sudo chsh -s /bin/sh "$USER"',
  ),
  'compose-broken': remedy(
    'Correct compose.yaml where the line above says; nothing was changed.',
    'docker compose config --quiet',
  ),
  'compose-unreadable': remedy('Let this user read the stack’s compose files.'),
  'compose-changed': remedy(
    'The compose files changed while the job was being prepared. Look at the change and start again.',
  ),
  'folder-read-only': remedy('Let this user write in the stack’s folder.', 'sudo chown -R "$USER" .'),
  'link-unsafe': remedy(
    'Take the right to write there away from others, or put the file itself in the place of the link; then retry.',
    'namei -l compose.yaml',
  ),
  'disk-full': remedy(
    'Free some space on the server, then retry. Unused images are the usual cause.',
    'docker image prune',
  ),
  'home-unusable': remedy(
    'Jobs run from ~/.local/state/switchyard on the server, which must be yours alone. Look at it, and at who owns it.',
    'ls -ld ~ ~/.local/state/switchyard',
  ),
  'ground-unsafe': remedy(
    'Look at .switchyard in the stack’s folder: no links but current, previous and next; owner you, writable by nobody else.',
    'chmod -R go-w .switchyard',
  ),
  'client-older': remedy('Update this Switchyard; the other one goes on meanwhile.'),
  'image-missing': remedy('Check the name and the tag of the image.'),
  'registry-unreachable': remedy('The registry does not answer. Check the server’s network, then retry.'),
  'registry-forbidden': remedy(
    'Log in to the registry on the server, as this user: docker login with the name that the image begins with.',
  ),
  'service-unknown': remedy('Look at the names on the map, or run: switchyard map.'),
  'service-not-running': remedy('Start the service first, then try again.', 'docker compose up -d'),
  'not-adoptable': remedy('The reasons are listed above. The service is shown and watched all the same.'),
  'already-adopted': remedy('Nothing to do: the service is adopted. Deploy its next release.'),
  'not-adopted': remedy('Adopt the service first.'),
  'no-free-slot': remedy(
    'Both slots are taken. Retire next, or flip to it, then deploy again; or deploy in its place.',
  ),
  'nothing-to-do': remedy('Nothing was changed.'),
  'broke-before': remedy(
    'Deploy another version; or, where its cause is mended, say that this one is to be tried again (--again).',
  ),
  'lock-held': remedy('Wait for the other job to end. It is in the list of jobs.'),
  'not-ready': remedy('Look at the logs of next. The release that has the traffic is not touched.'),
  'previous-not-ready': remedy(
    'Look at the logs of previous. The traffic stays where it is; a release that is well can be deployed again and flipped to.',
  ),
  'put-back': remedy('All is as it was before. Correct what its checks said, then try again.'),
  'went-back': remedy('Look at the logs of the release that was left; it is kept for that. Then deploy a better one.'),
  'not-confirmed': remedy('Keep the flip or flip back first, then start again.'),
  'exited-at-start': remedy('Look at the logs of next. The release that has the traffic is not touched.'),
  'entry-failed': remedy('The entry point’s log says why: docker logs with the container named above. Then retry.'),
  'not-mendable': remedy('Do what is said above by hand; the map follows within seconds.'),
  'release-unknown': remedy('Look at the releases of the service for the numbers there are.'),
  'job-unknown': remedy('Look at the list of jobs.'),
  'job-died': remedy(
    'The job’s process ended before its work did. The state was read again from the server; retry when you like.',
  ),
  indeterminate: remedy('Switchyard looks at the server again before it says what happened.'),
  'input-invalid': remedy('Correct what is named above and try again.'),
  bug: remedy('This is a mistake of Switchyard, not yours. Please report it with the detail.'),
};
