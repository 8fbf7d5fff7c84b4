import { feather, type Look } from '../look.ts';
import type { Invariant } from './verdict.ts';

/** I7: no container, network, process, temporary file or lock is left that no job, release or role owns. */
export const nothingLeft: Invariant = ({ before, after }) => [
  ...after.containers.flatMap((container) => strayContainer(container, after)),
  ...after.networks
    .filter((name) => !before.networks.includes(name) && name !== `${feather.prefix}_default`)
    .map((name) => `network ${name} is left`),
  ...after.litter.map((file) => `file ${file} is left`),
  ...after.locks.map(
    ({ epoch, alive }) => `lock ${epoch} is held by ${alive ? 'a process that should be gone' : 'nobody'}`,
  ),
  ...after.processes
    .filter(({ pid }) => !before.processes.some((each) => each.pid === pid))
    .map(({ pid, command }) => `process ${pid} is left: ${command}`),
];

function strayContainer({ name, labels, state }: Look['containers'][number], look: Look): string[] {
  if (labels['dev.switchyard.job'] !== undefined) return [`probe container ${name} is left`];
  if (!name.startsWith(`${feather.prefix}--`)) {
    const isService =
      labels['com.docker.compose.project'] === feather.stack && name !== `${feather.stack}-${feather.service}-1`;
    return isService || /^[0-9a-f]{12}_/.test(name) ? [`container ${name} (${state}) is left`] : [];
  }
  const release = labels['dev.switchyard.release'] ?? '';
  const owned = Object.values(look.roles).includes(release);
  return look.adopted && owned
    ? []
    : [`container ${name} of release ${release} (${state}) is left, and no role names it`];
}
