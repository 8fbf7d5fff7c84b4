import type { Service, Stack, StackMap } from './stack-map.ts';
import type { Trouble } from './trouble.ts';

/** One thing that is wrong on a host, told once, however many services show it. */
export type Headline = {
  stack: string;
  trouble: Trouble;
  /** Ids of the services that show it. The trouble is the first one's: there a click goes, and there it is mended. */
  services: string[];
};

const order: Record<Trouble['level'], number> = { down: 0, wrong: 1, 'at-risk': 2 };

/**
 * What is wrong on a host, in the order in which it is said: what is down before what is wrong, and a cause before what
 * fails with it. A service says its worst; services that say the same say it together, a stack that is down says it once.
 * What is only at risk is left to its card while something is down.
 */
export function headlinesOf(map: StackMap): Headline[] {
  const all = map.stacks.flatMap(toldOf).sort(
    (a, b) =>
      order[a.trouble.level] - order[b.trouble.level] ||
      b.reach - a.reach ||
      // What nobody can tell the time of comes last.
      (a.trouble.sinceMs ?? Number.MAX_VALUE) - (b.trouble.sinceMs ?? Number.MAX_VALUE) ||
      (a.services[0] ?? '').localeCompare(b.services[0] ?? ''),
  );
  const isDown = all[0]?.trouble.level === 'down';
  return all
    .filter(({ trouble }) => !isDown || trouble.level !== 'at-risk')
    .map(({ stack, trouble, services }) => ({ stack, trouble, services }));
}

type Shown = { service: Service; trouble: Trouble };

/** `reach`: how many others fail with it. */
function toldOf(stack: Stack): (Headline & { reach: number })[] {
  const shown = stack.services.flatMap((service): Shown[] => {
    const [trouble] = service.troubles;
    return trouble === undefined ? [] : [{ service, trouble }];
  });
  const isDown = shown.some(({ trouble }) => trouble.cause === 'stack-down');
  const groups = new Map<string, Shown[]>();
  for (const each of shown) {
    const { cause, level, title } = each.trouble;
    // Whatever else is down in a stack that is down is down because of that.
    const key = isDown && level === 'down' ? 'stack-down' : `${cause} ${title}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups].map(([key, group]) => {
    // First the one that says it, and that a button mends; then the one that others need.
    const [first, ...others] = [...group].sort(
      (a, b) =>
        Number(b.trouble.cause === key) - Number(a.trouble.cause === key) ||
        Number(b.trouble.mend !== null) - Number(a.trouble.mend !== null) ||
        b.service.blastRadius.length - a.service.blastRadius.length,
    ) as [Shown, ...Shown[]];
    const names = [first, ...others].map(({ service }) => service.name);
    const isStack = key === 'stack-down' && others.length > 0;
    return {
      stack: stack.name,
      trouble: isStack ? { ...first.trouble, title: `${stack.name} is down, with ${listed(names)}` } : first.trouble,
      services: [first, ...others].map(({ service }) => service.id),
      reach: Math.max(...group.map(({ service }) => service.blastRadius.length)),
    };
  });
}

/** `a`, `a and b`, `a, b and c`. */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
