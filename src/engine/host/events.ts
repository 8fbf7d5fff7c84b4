import { trustContainer } from '../../core/trusted-labels.ts';
import type { Clock } from '../ports/clock.ts';
import type { DockerEvent } from '../ports/docker-engine.ts';
import type { Link } from '../ports/link.ts';
import { noteEvent } from './histories.ts';
import type { HostNow, OpenLink } from './host-now.ts';
import type { Inspections } from './inspections.ts';
import type { Looks } from './looks.ts';
import type { Presence } from './presence.ts';

/** Whether a container is the entry point of an adopted service. */
const isEntry = (now: HostNow, name: string): boolean =>
  now.states.some(({ services }) => services.some(({ record }) => record.entry === name));

/** What a container's state is after an event; others follow each other too quickly to be waited for. */
const expectations: Readonly<Record<string, (state: string) => boolean>> = {
  die: (state) => state !== 'running',
  pause: (state) => state === 'paused',
  unpause: (state) => state !== 'paused',
};

const againMs = [100, 300, 1_000];
const mostIds = 2_000;

/**
 * Keeps what is known of containers true by Docker's events. `follow` resolves when the link's followers are ended;
 * a stream that breaks while the link stands is opened again, with everything read anew.
 */
export function createEvents(
  now: HostNow,
  clock: Clock,
  parts: { looks: Looks; presence: Presence; inspections: Inspections },
  redraw: () => void,
) {
  const { looks, presence, inspections } = parts;
  const pending = new Set<string>();

  // Docker tells of some changes before its own list shows them.
  const lookUntil = async (link: Link, event: DockerEvent): Promise<void> => {
    const expected = expectations[event.action];
    for (const delayMs of againMs) {
      await lookAtContainer(link, event.id);
      const fact = now.docker?.containers.find(({ id }) => id === event.id);
      if (expected === undefined || fact === undefined || expected(fact.state)) return;
      await new Promise<void>((resolve) => {
        setTimeout(resolve, delayMs);
      });
      if (now.open?.link !== link) return;
    }
    await lookAtContainer(link, event.id);
  };

  /** Reads that are under way at once end in any order: what an older one says of a container counts no more. */
  let reads = 0;
  const newest = new Map<string, number>();

  const lookAtContainer = async (link: Link, id: string): Promise<void> => {
    if (pending.has(id)) return;
    pending.add(id);
    await Promise.resolve();
    pending.delete(id);
    reads += 1;
    const read = reads;
    try {
      const seen = await link.docker.container(id);
      const { docker } = now;
      if (docker === null || read < (newest.get(id) ?? 0)) return;
      if (seen === null) newest.delete(id);
      else newest.set(id, read);
      // Of an image that is not known yet all is read again below, and its labels with it.
      const fact =
        seen &&
        trustContainer(
          seen,
          docker.images.find((image) => image.id === seen.imageId),
        );
      const known = docker.containers.some((each) => each.id === id);
      now.docker = {
        ...docker,
        containers:
          fact === null
            ? docker.containers.filter((each) => each.id !== id)
            : known
              ? docker.containers.map((each) => (each.id === id ? fact : each))
              : [...docker.containers, fact],
      };
      now.asOfMs = clock.nowMs();
      if (fact !== null && !docker.images.some((image) => image.id === fact.imageId)) looks.lookAtAll();
      if (fact !== null && (!known || isEntry(now, fact.name))) looks.lookAtStates();
      inspections.again(link, id);
      redraw();
    } catch (caught) {
      // The next event reads it again, or the listing after the stream or the link broke.
      presence.note(caught);
    }
  };

  const onEvent = (link: Link, event: DockerEvent) => {
    if (event.kind !== 'container') {
      looks.lookAtAll();
      return;
    }
    if (event.action.startsWith('exec_') || event.action === 'top' || event.action === 'attach') return;
    now.heard += 1;
    noteEvent(now, clock, event);
    const { docker } = now;
    // An end is shown when Docker says it again, asked: one that is being stopped ends them all, and answers no more (SPEC DN5).
    if (event.action === 'destroy' && docker !== null) {
      // An answer from before must not bring it back.
      if (newest.size > mostIds) newest.clear();
      newest.set(event.id, Number.POSITIVE_INFINITY);
      now.docker = { ...docker, containers: docker.containers.filter((each) => each.id !== event.id) };
      redraw();
      return;
    }
    void lookUntil(link, event);
  };

  let followed: OpenLink | null = null;

  const follow = async (open: OpenLink): Promise<void> => {
    // What happened while nobody listened is not known.
    if (followed !== open) now.histories = new Map();
    followed = open;
    let opened = false;
    try {
      await open.link.docker.events({
        signal: open.abort.signal,
        onOpen: () => {
          opened = true;
        },
        onEvent: (event) => onEvent(open.link, event),
      });
    } catch (caught) {
      if (open.abort.signal.aborted) return;
      presence.note(caught);
      // The stream broke but the link stands: Docker was restarted, or stopped. Look again until it answers.
      setTimeout(
        async () => {
          if (!(await presence.until(open))) return;
          looks.lookAtAll();
          void follow(open);
        },
        opened ? 500 : 2_000,
      );
    }
  };

  return { follow };
}
