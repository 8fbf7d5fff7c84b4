import { docker, inspectContainers } from './engine.ts';
import { type FaultName, type FaultScript, faultScripts, readOnlyFolderScript } from './fault-script.ts';
import { waitForServer } from './home-server.ts';
import type { Lab } from './lab.ts';

/**
 * Runs a step while something is wrong with a server; it is right again on return, whatever the step did.
 * Should the test itself be killed, `reset` heals the server.
 */
export async function withFault<T>(lab: Lab, host: string, fault: FaultName, step: () => Promise<T>): Promise<T> {
  return during(lab, host, faultScripts[fault], step);
}

async function during<T>(lab: Lab, host: string, fault: FaultScript, step: () => Promise<T>): Promise<T> {
  await lab.exec(host, `set -e\n${fault.apply}`, { user: 'root' });
  try {
    return await step();
  } finally {
    await lab.exec(host, `set -e\n${fault.undo}`, { user: 'root' });
  }
}

/** The engine is stopped, in order: its containers stop too. On return it answers again and starts them. */
export async function withDockerStopped<T>(lab: Lab, host: string, step: () => Promise<T>): Promise<T> {
  try {
    return await withFault(lab, host, 'docker-stopped', step);
  } finally {
    await waitForServer(lab.host(host).container, lab.host(host).sshPort);
  }
}

/** There is no `docker` command; the engine runs. */
export const withoutDocker = <T>(lab: Lab, host: string, step: () => Promise<T>) =>
  withFault(lab, host, 'docker-missing', step);

/** `docker compose` is an unknown command. */
export const withoutCompose = <T>(lab: Lab, host: string, step: () => Promise<T>) =>
  withFault(lab, host, 'compose-missing', step);

/** `docker compose version` says v2.10.0. */
export const withOldCompose = <T>(lab: Lab, host: string, step: () => Promise<T>) =>
  withFault(lab, host, 'compose-old', step);

/** sshd takes a connection and never says a word; sessions that are open go on. */
export const withSshdPaused = <T>(lab: Lab, host: string, step: () => Promise<T>) =>
  withFault(lab, host, 'sshd-paused', step);

/** sshd takes no connection; sessions that are open go on. */
export async function withSshdStopped<T>(lab: Lab, host: string, step: () => Promise<T>): Promise<T> {
  try {
    return await withFault(lab, host, 'sshd-stopped', step);
  } finally {
    await waitForServer(lab.host(host).container, lab.host(host).sshPort);
  }
}

/** Everything that is sent to sshd is lost, in open sessions too, and nobody is told: a cable pulled out. */
export const withSilentLink = <T>(lab: Lab, host: string, step: () => Promise<T>) =>
  withFault(lab, host, 'link-silent', step);

/** sshd shows another host key than the one in known_hosts; sessions that are open go on. */
export async function withChangedHostKey<T>(lab: Lab, host: string, step: () => Promise<T>): Promise<T> {
  const { container, sshPort } = lab.host(host);
  try {
    return await withFault(lab, host, 'host-key-changed', async () => {
      await waitForServer(container, sshPort);
      return step();
    });
  } finally {
    await waitForServer(container, sshPort);
  }
}

/** A pull fails with `no space left on device`; what is there already works on. */
export const withFullDisk = <T>(lab: Lab, host: string, step: () => Promise<T>) =>
  withFault(lab, host, 'disk-full', step);

/** Nobody can write below a folder of the server. */
export const withReadOnlyFolder = <T>(lab: Lab, host: string, folder: string, step: () => Promise<T>) =>
  during(lab, host, readOnlyFolderScript(folder), step);

/** The registry refuses every connection of a server. */
export const withRegistryDown = <T>(lab: Lab, host: string, step: () => Promise<T>) =>
  withFault(lab, host, 'registry-refuses', step);

/** What a server sends to the registry is lost: a pull hangs. */
export const withRegistrySilent = <T>(lab: Lab, host: string, step: () => Promise<T>) =>
  withFault(lab, host, 'registry-silent', step);

/** Ends every SSH session of a server as a broken link does for sshd: at once, without a goodbye. Returns how many sessions there were. */
export async function cutLink(lab: Lab, host: string): Promise<number> {
  // Each session is a process that keeps the keys and one that talks; the listener has another name and stays.
  const script = 'pgrep -c -x -U root sshd-session; pkill -9 -x sshd-session; true';
  return Number((await lab.exec(host, script, { user: 'root' })).stdout.trim());
}

/** Restarts the engine of a server; `hard` kills it with -9, its containers staying alone until it is back. On return it answers. */
export async function restartEngine(lab: Lab, host: string, how: 'clean' | 'hard' = 'clean'): Promise<void> {
  const script = `pid=$(cat /run/lab/docker.pid); kill ${how === 'hard' ? '-9' : '-TERM'} "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done`;
  await lab.exec(host, script, { user: 'root' });
  await waitForServer(lab.host(host).container, lab.host(host).sshPort);
}

/** Reboots a server; `power-cut` gives nothing on it a chance to end in order. On return sshd and engine answer, and the address is the new one. */
export async function restartServer(lab: Lab, host: string, how: 'clean' | 'power-cut' = 'clean'): Promise<void> {
  const server = lab.host(host);
  if (how === 'power-cut') {
    await docker(['kill', server.container]);
    await docker(['start', server.container]);
  } else {
    await docker(['restart', server.container]);
  }
  await waitForServer(server.container, server.sshPort);
  server.address = (await inspectContainers([server.container])).get(server.container)?.address ?? server.address;
}

/** Freezes a whole server, every process on it, and lets it go on: a machine under such load that it answers nobody. */
export async function withFrozenServer<T>(lab: Lab, host: string, step: () => Promise<T>): Promise<T> {
  await docker(['pause', lab.host(host).container]);
  try {
    return await step();
  } finally {
    await docker(['unpause', lab.host(host).container]);
  }
}
