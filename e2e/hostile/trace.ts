import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '../faults/server.ts';
import type { Lab } from '../lab/lab.ts';

/**
 * Every exec of a foreign program on the server and in its containers, as the kernel saw it: its own tracepoint, filtered there by
 * the folder of this run. Who ran it, how far from sshd, and in which namespace, makes no difference.
 */
export type Trace = {
  /** Names of the foreign programs that were run since the trace began, once each exec. */
  ran(): Promise<string[]>;
  close(): Promise<void>;
};

const mounted = '/run/switchyard-trace';
const pidFile = '/run/switchyard-hostile-trace';

export async function openTrace(lab: Lab, server: Server, nonce: string): Promise<Trace> {
  const instance = `${mounted}/instances/switchyard-${nonce}`;
  const folder = `/usr/local/libexec/foreign-${nonce}`;
  await server.sh(`set -e
mkdir -p ${mounted} ${folder}
grep -q ' ${mounted} tracefs ' /proc/mounts || mount -t tracefs tracefs ${mounted}
printf '#!/bin/sh\\nexit 0\\n' >${folder}/.program
chmod 755 ${folder} ${folder}/.program
mkdir ${instance}
cd ${instance}
echo 'filename ~ "*foreign-${nonce}/*"' >events/sched/sched_process_exec/filter
echo 1 >events/sched/sched_process_exec/enable`);
  const seen: string[] = [];
  let onSeen = () => {};
  const child: ChildProcessWithoutNullStreams = spawn('docker', [
    ...['exec', '-i', '-u', 'root', lab.host(server.host).container],
    ...['setsid', '-w', 'sh', '-c', `echo $$ >${pidFile}; exec cat ${instance}/trace_pipe`],
  ]);
  child.stdin.end();
  child.stderr.resume();
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const name = /filename=\S*foreign-\w+\/(\S+) pid=/.exec(line)?.[1];
      if (name !== undefined) seen.push(name);
    }
    onSeen();
  });
  let asked = 0;
  return {
    async ran() {
      // What is run now is the end of what was run until now: the trace is read that far.
      asked += 1;
      const mark = `.mark-${asked}`;
      await server.sh(`ln ${folder}/.program ${folder}/${mark} && ${folder}/${mark}`);
      const deadlineMs = Date.now() + 10_000;
      while (!seen.includes(mark)) {
        if (child.exitCode !== null || Date.now() > deadlineMs) throw new Error('the trace of exec does not answer');
        await new Promise<void>((resolve) => {
          onSeen = resolve;
          void sleep(200).then(resolve);
        });
      }
      const lost = await server.sh(
        `cat ${instance}/per_cpu/cpu*/stats | awk '/overrun|dropped/ {n += $NF} END {print n + 0}'`,
      );
      if (lost.trim() !== '0') throw new Error(`the trace of exec lost ${lost.trim()} lines`);
      return seen.filter((name) => !name.startsWith('.mark-'));
    },
    async close() {
      child.kill('SIGKILL');
      // What a docker exec began goes on without it.
      await server.sh(`cd / && kill -9 "$(cat ${pidFile})"; rm -f ${pidFile}; echo 0 >${instance}/events/sched/sched_process_exec/enable
for i in $(seq 50); do rmdir ${instance} 2>/dev/null && break; sleep 0.1; done
umount ${mounted} 2>/dev/null; rm -rf ${folder}; true`);
    },
  };
}
