import { trustContainer } from '../../core/trusted-labels.ts';
import type { Clock } from '../ports/clock.ts';
import type { ContainerFact, DockerEvent } from '../ports/docker-engine.ts';
import type { Link } from '../ports/link.ts';
import type { HostNow, OpenLink } from './host-now.ts';
import type { Looks } from './looks.ts';

/** Whether a container is the entry point of an adopted service. */
const isEntry = (now: HostNow, name: string): boolean =>
  now.states.some(({ services }) => services.some(({ record }) => record.entry === name));

const endings: Record<string, ContainerFact['state']> = { die: 'exited', pause: 'paused' };

/**
 * Keeps what is known of containers true by Docker's events. `follow` resolves when the link's followers are ended;
 * a stream that breaks while the link stands is opened again, with everything read anew.
 */
export function createEvents(now: HostNow, clock: Clock, looks: Looks, redraw: () => void) {
  const pending = new Set<string>();

  const lookAtContainer = async (link: Link, id: string): Promise<void> => {
    if (pending.has(id)) return;
    pending.add(id);
    await Promise.resolve();
    pending.delete(id);
    try {
      const seen = await link.docker.container(id);
      const { docker } = now;
      if (docker === null) return;
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
      redraw();
    } catch {
      // The next event reads it again, or the listing after the stream or the link broke.
    }
  };

  const onEvent = (link: Link, event: DockerEvent) => {
    if (event.kind !== 'container') {
      looks.lookAtAll();
      return;
    }
    if (event.action.startsWith('exec_') || event.action === 'top' || event.action === 'attach') return;
    const { docker } = now;
    const state = endings[event.action];
    if (docker !== null && state !== undefined) {
      // What the event itself says is shown at once; the container is read again behind it.
      const code = event.attributes.exitCode;
      now.docker = {
        ...docker,
        containers: docker.containers.map((each) =>
          each.id === event.id
            ? { ...each, state, status: state === 'exited' ? `Exited (${code ?? '?'}) just now` : 'Paused' }
            : each,
        ),
      };
      redraw();
    }
    if (event.action === 'destroy' && docker !== null) {
      now.docker = { ...docker, containers: docker.containers.filter((each) => each.id !== event.id) };
      redraw();
      return;
    }
    void lookAtContainer(link, event.id);
  };

  const follow = async (open: OpenLink): Promise<void> => {
    let opened = false;
    try {
      await open.link.docker.events({
        signal: open.abort.signal,
        onOpen: () => {
          opened = true;
        },
        onEvent: (event) => onEvent(open.link, event),
      });
    } catch {
      if (open.abort.signal.aborted) return;
      // The stream broke but the link stands: Docker was restarted. Look again until it answers.
      setTimeout(
        () => {
          if (open.abort.signal.aborted) return;
          looks.lookAtAll();
          void follow(open);
        },
        opened ? 500 : 2_000,
      );
    }
  };

  return { follow };
}
