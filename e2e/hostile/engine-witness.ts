import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Server } from '../faults/server.ts';
import type { Lab } from '../lab/lab.ts';

/** What a container was made to be, of what `docker inspect` says. */
type Made = {
  Id: string;
  Name: string;
  Config: {
    Image: string;
    Env: string[] | null;
    Entrypoint: string[] | null;
    Cmd: string[] | null;
    Labels: Record<string, string> | null;
  };
  HostConfig: {
    Privileged: boolean;
    PidMode: string;
    IpcMode: string;
    UTSMode: string;
    NetworkMode: string;
    UsernsMode: string;
    CapAdd: string[] | null;
    Devices: unknown[] | null;
    SecurityOpt: string[] | null;
    VolumesFrom: string[] | null;
  };
  Mounts: { Type: string; Source: string; Destination: string }[];
};

type Event = { Action: string; Actor: { ID: string; Attributes: Record<string, string> } };

export type EngineWitness = {
  /** How far it has heard: what comes later is behind this mark. */
  mark(): number;
  /** What is wrong with what the engine was told to do for one stack since a mark, each once. */
  complaints(stack: string, since: number): string[];
  close(): Promise<void>;
};

const pidFile = '/run/switchyard-hostile-engine';

/** A second pair of eyes, at the engine: each container that is made is inspected, each command in a container is read. */
export function openEngineWitness(lab: Lab, server: Server): EngineWitness {
  const heard: ({ made: Made } | { event: Event })[] = [];
  // It follows again after a restart of the engine. A container that is made is looked at while it is there.
  const child: ChildProcessWithoutNullStreams = spawn('docker', [
    ...['exec', '-i', '-u', 'root', lab.host(server.host).container, 'setsid', '-w', 'bash', '-c'],
    `echo $$ >${pidFile}
while :; do docker events --filter type=container --format '{{json .}}' 2>/dev/null | while IFS= read -r line; do
  printf 'event %s\\n' "$line"
  case $line in *'"Action":"create"'*) docker inspect --format '{{json .}}' "$(sed 's/.*"id":"\\([0-9a-f]*\\)".*/\\1/' <<<"$line")" 2>/dev/null | sed 's/^/made /' ;; esac
done; sleep 0.2; done`,
  ]);
  child.stderr.resume();
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('made {')) heard.push({ made: JSON.parse(line.slice(5)) as Made });
      else if (line.startsWith('event {')) heard.push({ event: JSON.parse(line.slice(6)) as Event });
    }
  });
  return {
    mark: () => heard.length,
    complaints(stack, since) {
      const found = heard
        .slice(since)
        .flatMap((each) => ('made' in each ? foreignIn(each.made, stack) : foreignDone(each.event, stack)));
      return [...new Set(found)];
    },
    async close() {
      child.kill('SIGKILL');
      // What a docker exec began goes on without it.
      await server.sh(`kill -9 -- "-$(cat ${pidFile})"; rm -f ${pidFile}`, { anyCode: true });
    },
  };
}

function foreignIn(made: Made, stack: string): string[] {
  const { Config: config, HostConfig: host } = made;
  const labels = config.Labels ?? {};
  const projects = [labels['com.docker.compose.project'], labels['dev.switchyard.stack']];
  if (!projects.some((each) => each === stack || each === `${stack}--web`) && !made.Name.startsWith(`/${stack}--`))
    return [];
  const name = made.Name.slice(1);
  const words = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  return [
    ...(host.Privileged ? ['privileged'] : []),
    ...[host.PidMode, host.IpcMode, host.UTSMode, host.NetworkMode, host.UsernsMode]
      .filter((mode) => mode === 'host' || mode.startsWith('container:'))
      .map((mode) => `in the space of ${mode}`),
    ...made.Mounts.filter(({ Type, Source }) => Type === 'bind' && !Source.startsWith(`/home/home/${stack}/`)).map(
      ({ Source }) => `with ${Source} of the server`,
    ),
    ...(host.CapAdd ?? []).map((each) => `with ${each}`),
    ...((host.Devices ?? []).length > 0 ? ['with a device'] : []),
    ...(host.SecurityOpt ?? []).map((each) => `with ${each}`),
    ...(host.VolumesFrom ?? []).map((each) => `with the volumes of ${each}`),
    ...(config.Env ?? []).filter((each) => each.startsWith('LD_PRELOAD=')).map((each) => `with ${each}`),
    ...(words.some((each) => each.includes('/foreign')) ? [`to run ${words.join(' ')}`] : []),
    ...(config.Image.startsWith('foreign/') ? [`of the image ${config.Image}`] : []),
    ...(labels['com.docker.compose.service'] === 'stowaway' ? ['as a service that was planted'] : []),
  ].map((each) => `${name} was made ${each}`);
}

function foreignDone({ Action: action, Actor: { Attributes: of } }: Event, stack: string): string[] {
  if (of.name?.startsWith(`${stack}-victim`) === true && !['create', 'start'].includes(action))
    return [`${of.name}, of somebody else: ${action.slice(0, 40)}`];
  const isOurs = of['com.docker.compose.project'] === stack || of['dev.switchyard.stack'] === stack;
  return isOurs && action.startsWith('exec_create') && action.includes('foreign-')
    ? [`a command was run in ${of.name}: ${action.slice(0, 120)}`]
    : [];
}
