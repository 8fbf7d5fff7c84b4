import type { HostView } from '../../contract/views.ts';
import { type Ending, endingOf } from '../../core/ending.ts';
import { headlinesOf } from '../../core/headline.ts';
import { isTrouble } from '../../core/health.ts';
import type { Service, StackMap } from '../../core/stack-map.ts';
import { dockerAwayWords } from '../../core/trouble-words.ts';

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

/** The worst of all hosts, and what of them needs somebody: the worst first. */
export function describeTray(hosts: readonly HostView[]): TrayState {
  const all = hosts.flatMap(itemsOf);
  const items = [...all.filter(({ level }) => level === 'trouble'), ...all.filter(({ level }) => level !== 'trouble')];
  return {
    level: items[0]?.level ?? 'well',
    tooltip: `Switchyard: ${items.length === 0 ? wellWords(hosts) : items.map(({ label }) => label).join(', ')}`,
    items: items.map(({ label, host, service }) => ({ label, host, service })),
  };
}

/** Nothing needs somebody, so far as anybody looks: a host that is not connected may be anything. */
function wellWords(hosts: readonly HostView[]): string {
  const seen = hosts.filter(({ connection, map }) => connection.kind === 'connected' && map !== null);
  if (seen.length === 0) return 'no server is connected';
  return seen.length === hosts.length ? 'all is well' : `all is well on ${seen.map(({ target }) => target).join(', ')}`;
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
      return host.map === null ? [] : itemsOfMap(host, host.map);
  }
}

/** What is wrong, in the words and the order of the headline; then what else of its services needs somebody. */
function itemsOfMap(host: HostView, map: StackMap): Item[] {
  if (map.dockerAwaySinceMs !== null)
    return [{ level: 'trouble', label: dockerAwayWords(host.target, 0).title, host: host.id, service: null }];
  const headlines = headlinesOf(map);
  const told = new Set(headlines.flatMap(({ services }) => services));
  return [
    ...headlines.map(
      ({ trouble, services }): Item => ({
        level: trouble.level === 'down' ? 'trouble' : 'attention',
        label: `${host.target}: ${trouble.title}`,
        host: host.id,
        service: services[0] ?? null,
      }),
    ),
    ...map.stacks.flatMap((stack) =>
      stack.services.filter(({ id }) => !told.has(id)).flatMap((service) => itemsOfService(host, service)),
    ),
  ];
}

function itemsOfService(host: HostView, service: Service): Item[] {
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
}
