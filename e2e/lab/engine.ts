import { type CommandOptions, type CommandResult, read, run } from '../../build/setup/command.ts';

/** Runs the docker client of this machine: the outer engine, whose containers are the lab's servers. */
export function docker(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return run(['docker', ...args], options);
}

/** The trimmed output of docker(). */
export function readDocker(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return read(['docker', ...args], options);
}

/** What the lab asks about a container of the outer engine. */
export interface OuterContainer {
  name: string;
  id: string;
  running: boolean;
  /** Of the image and the arguments it was made with. */
  inputs: string;
  address: string;
  /** Port inside the container to the port of 127.0.0.1 that leads there. */
  ports: Record<number, number>;
}

interface InspectedContainer {
  Id: string;
  Name: string;
  State: { Running: boolean; Paused: boolean };
  Config: { Labels: Record<string, string> | null };
  NetworkSettings: { Networks: Record<string, { IPAddress: string }> };
  HostConfig: { PortBindings: Record<string, { HostPort: string }[] | null> | null };
}

/** The containers of these names that exist, by name; one call whatever the number. */
export async function inspectContainers(names: readonly string[]): Promise<Map<string, OuterContainer>> {
  if (names.length === 0) return new Map();
  const { stdout } = await docker(['container', 'inspect', ...names], { okCodes: [0, 1] });
  const found = new Map<string, OuterContainer>();
  for (const each of JSON.parse(stdout || '[]') as InspectedContainer[]) {
    const name = each.Name.replace(/^\//, '');
    const ports: Record<number, number> = {};
    for (const [port, bindings] of Object.entries(each.HostConfig.PortBindings ?? {})) {
      const hostPort = bindings?.[0]?.HostPort;
      if (hostPort !== undefined) ports[Number.parseInt(port, 10)] = Number(hostPort);
    }
    found.set(name, {
      name,
      id: each.Id,
      running: each.State.Running && !each.State.Paused,
      inputs: each.Config.Labels?.[inputsLabel] ?? '',
      address: Object.values(each.NetworkSettings.Networks)[0]?.IPAddress ?? '',
      ports,
    });
  }
  return found;
}

/** Marks everything of one lab; its value is the lab's id. */
export const labLabel = 'dev.switchyard.lab';
/** A fingerprint of what a container or image was made from. */
export const inputsLabel = 'dev.switchyard.lab.inputs';
