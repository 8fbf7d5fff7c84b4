import type { ContainerFact } from '../../core/docker-facts.ts';
import { parseHealth } from '../../core/health.ts';
import { slotContainer, slotPrefix } from '../../core/server-layout.ts';
import { slots } from '../../core/slot.ts';
import type { Link } from '../ports/link.ts';
import type { HostNow } from './host-now.ts';

/** Asks Docker for what its listing does not tell, of containers that are in trouble, and of no other. */
export type Inspections = {
  /** Looks through what is known; each container is asked about once, until something happens to it. Resolves with all answers in. */
  look(link: Link): Promise<void>;
  /** Something happened to this one: what was known of it may not hold any more. */
  again(link: Link, id: string): void;
};

/** One that has run for this long after a crash is taken to stay up. */
const steadyMs = 30_000;
const most = 60;

export function createInspections(now: HostNow, redraw: () => void): Inspections {
  const asked = new Set<string>();
  let askedOn: Link | null = null;

  const ask = async (link: Link, id: string): Promise<void> => {
    asked.add(id);
    try {
      const inspection = await link.docker.inspect(id);
      if (now.open?.link !== link) return;
      const next = new Map(now.inspections);
      if (inspection === null) next.delete(id);
      else next.set(id, inspection);
      now.inspections = next;
      redraw();
      const fact = now.docker?.containers.find((each) => each.id === id);
      // Whether it stays up shows by nothing happening.
      if (fact?.state === 'running' && (inspection?.restarts ?? 0) > 0) setTimeout(redraw, steadyMs + 500);
    } catch {
      asked.delete(id);
    }
  };

  const adoptedNames = (): Set<string> =>
    new Set(
      now.states.flatMap(({ services }) =>
        services.flatMap(({ record }) => [
          record.entry,
          ...slots.map((slot) => slotContainer(slotPrefix(record.stack, record.service), slot)),
        ]),
      ),
    );

  const isInTrouble = (fact: ContainerFact, names: ReadonlySet<string>): boolean => {
    const health = parseHealth(fact.state, fact.status);
    if (health === 'ended' || health === 'stopped' || health === 'created') return names.has(fact.name);
    return fact.state !== 'running' || health === 'unhealthy';
  };

  return {
    async look(link) {
      if (askedOn !== link) asked.clear();
      askedOn = link;
      const names = adoptedNames();
      const facts = now.docker?.containers ?? [];
      const ids = new Set(facts.map(({ id }) => id));
      for (const id of asked) if (!ids.has(id)) asked.delete(id);
      if ([...now.inspections.keys()].some((id) => !ids.has(id)))
        now.inspections = new Map([...now.inspections].filter(([id]) => ids.has(id)));
      await Promise.all(
        facts
          .filter((fact) => !asked.has(fact.id) && isInTrouble(fact, names))
          .slice(0, Math.max(0, most - asked.size))
          .map(({ id }) => ask(link, id)),
      );
    },
    again(link, id) {
      const fact = now.docker?.containers.find((each) => each.id === id);
      if (fact === undefined) return;
      // One that came up again by itself may be in a loop: how often tells.
      const cameBack = fact.state === 'running' && (asked.has(id) || now.histories.get(fact.name)?.endedAtMs !== null);
      if (cameBack || isInTrouble(fact, adoptedNames())) void ask(link, id);
    },
  };
}
