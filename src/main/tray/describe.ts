import type { HostView } from '../../contract/views.ts';
import { type Ending, endingOf } from '../../core/ending.ts';
import { isTrouble } from '../../core/health.ts';

/** What the tray shows. Hosts where all is well are not listed. */
export type TrayState = {
  level: 'well' | 'attention' | 'trouble';
  tooltip: string;
  items: { label: string; host: string; service: string | null }[];
};

type Item = { level: 'attention' | 'trouble'; label: string; host: string; service: string | null };

const endingWords: Record<Exclude<Ending, 'stopped'>, string> = {
  refused: 'was not changed: that was refused',
  undone: 'was not changed: that was undone',
  unknown: 'was changed or not, nobody knows yet',
  failed: 'could not be changed',
};

/** The worst of all hosts, and what of them needs somebody. */
export function describeTray(hosts: readonly HostView[]): TrayState {
  const items = hosts.flatMap(itemsOf);
  const level = items.some((item) => item.level === 'trouble') ? 'trouble' : items.length > 0 ? 'attention' : 'well';
  return {
    level,
    tooltip:
      items.length === 0 ? 'Switchyard: all is well' : `Switchyard: ${items.map(({ label }) => label).join(', ')}`,
    items: items.map(({ label, host, service }) => ({ label, host, service })),
  };
}

function itemsOf(host: HostView): Item[] {
  const one = (level: Item['level'], words: string): Item[] => [
    { level, label: `${host.target} ${words}`, host: host.id, service: null },
  ];
  switch (host.connection.kind) {
    case 'idle':
    case 'connecting':
      return [];
    case 'asking':
      return one('attention', 'asks something');
    case 'away':
      return one('trouble', 'is away');
    case 'failed':
      return one('attention', 'cannot be connected');
    case 'connected':
      return (host.map?.stacks ?? []).flatMap((stack) =>
        stack.services.flatMap((service): Item[] => {
          const item = (level: Item['level'], words: string): Item[] => [
            { level, label: `${service.name} on ${host.target} ${words}`, host: host.id, service: service.id },
          ];
          if (service.switch.kind === 'went-back') return item('attention', 'went back by itself');
          if (service.switch.kind === 'watching' && service.switch.mustConfirm)
            return item('attention', 'waits to be confirmed');
          const ending = service.switch.kind === 'failed' ? endingOf(service.switch) : 'stopped';
          // A stop that was asked for is nobody's emergency.
          if (ending !== 'stopped') return item('attention', endingWords[ending]);
          // A container that was stopped or has done its work is nobody's emergency.
          if (service.health === 'exited' && !service.adopted) return [];
          return isTrouble(service.health) ? item('trouble', `is ${service.health}`) : [];
        }),
      );
  }
}
