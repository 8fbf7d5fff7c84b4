import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerLogLine, DockerEngine, DockerEvent } from '../../engine/ports/docker-engine.ts';
import { eventually } from '../eventually.ts';

/** How the suite changes what the engine shows. Names are given as they are to be seen. */
export type ContainerSpec = {
  name: string;
  labels: Record<string, string>;
  /** For `sh -c`. */
  script: string;
  terminal?: boolean;
};

export type DockerUnderTest = {
  engine: DockerEngine;
  /** Creates and starts a container; resolves with its full id. */
  start(spec: ContainerSpec): Promise<string>;
  stop(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  close(): unknown;
};

/** What every DockerEngine promises. `open` is called once. */
export function describeDockerEngine(name: string, open: () => Promise<DockerUnderTest>): void {
  describe(`DockerEngine: ${name}`, () => {
    let under: DockerUnderTest;
    let engine: DockerEngine;
    let started: string[] = [];
    let count = 0;

    beforeAll(async () => {
      under = await open();
      engine = under.engine;
    });
    afterEach(async () => {
      await Promise.all(started.map((id) => under.remove(id)));
      started = [];
    });
    afterAll(() => under?.close());

    const fresh = (script: string, more: Partial<ContainerSpec> = {}): ContainerSpec => ({
      name: `switchyard-contract-${process.pid}-${++count}`,
      labels: { 'org.switchyard.contract': String(count) },
      script,
      ...more,
    });
    const start = async (spec: ContainerSpec): Promise<string> => {
      const id = await under.start(spec);
      started.push(id);
      return id;
    };
    const signal = (): AbortSignal => new AbortController().signal;

    it('shows the engine, and a container with its labels as they are', async () => {
      const odd = { quote: `'"\`$(id)`, lines: 'a\nb', train: '🚂', '<script>': 'x' };
      const spec = fresh('sleep 60', { labels: odd });
      const id = await start(spec);
      const facts = await engine.observe(signal());
      expect(facts.engine.version).toMatch(/^\d+\.\d+/);
      expect(facts.engine.apiVersion).toMatch(/^\d+\.\d+/);
      expect(facts.engine.cpus).toBeGreaterThan(0);
      expect(facts.engine.memoryBytes).toBeGreaterThan(1_000_000);
      expect(facts.engine.os).not.toBe('');
      const fact = facts.containers.find((each) => each.id === id);
      expect(fact).toMatchObject({ name: spec.name, state: 'running' });
      expect(fact?.labels).toMatchObject(odd);
      expect(facts.images.map((each) => each.id)).toContain(fact?.imageId);
      expect(facts.networks.map((each) => each.name)).toContain('bridge');
    });

    it('shows one container in the same shape, also by a short id, or null', async () => {
      const id = await start(fresh('sleep 60'));
      const { containers } = await engine.observe();
      const listed = containers.find((each) => each.id === id);
      expect({ ...(await engine.container(id)), status: '' }).toEqual({ ...listed, status: '' });
      expect((await engine.container(id.slice(0, 12)))?.id).toBe(id);
      expect(await engine.container('0'.repeat(64))).toBeNull();
    });

    it('shows stopped containers too, and how they ended', async () => {
      const id = await start(fresh('exit 7'));
      await eventually('it has exited', async () => (await engine.container(id))?.state === 'exited');
      expect((await engine.container(id))?.status).toContain('Exited (7)');
      expect((await engine.observe()).containers.find((each) => each.id === id)?.state).toBe('exited');
    });

    it('DN1 says how a container ended, asked about it, and nothing of one that is not there', async () => {
      const id = await start(fresh('exit 7'));
      await eventually('it has exited', async () => (await engine.container(id))?.state === 'exited');
      const inspection = await engine.inspect(id);
      expect(inspection).toMatchObject({
        exitCode: 7,
        restarts: 0,
        oomKilled: false,
        restartPolicy: 'no',
        health: null,
      });
      expect(Math.abs(Date.now() - (inspection?.finishedAtMs ?? 0))).toBeLessThan(600_000);
      expect(await engine.inspect('0'.repeat(64))).toBeNull();
    });

    it('tells of everything that happens after its stream is open', async () => {
      const abort = new AbortController();
      const events: DockerEvent[] = [];
      let opened = (): void => {};
      const isOpen = new Promise<void>((resolve) => {
        opened = resolve;
      });
      const ended = engine.events({ signal: abort.signal, onOpen: opened, onEvent: (event) => events.push(event) });
      await isOpen;
      const spec = fresh('sleep 60');
      const id = await start(spec);
      await under.stop(id);
      const own = (): DockerEvent[] => events.filter((each) => each.kind === 'container' && each.id === id);
      await eventually('it is told to have died', () => own().some((each) => each.action === 'die'));
      expect(own().map((each) => each.action)).toEqual(expect.arrayContaining(['create', 'start', 'die']));
      for (const each of own()) {
        expect(each.attributes.name).toBe(spec.name);
        expect(each.atNano).toMatch(/^\d{19}$/);
      }
      abort.abort();
      await ended;
    });

    it('reads a log from its last lines and follows it to its end', async () => {
      const id = await start(fresh('for i in 1 2 3; do echo "line $i"; done; sleep 0.5; echo late >&2'));
      const lines: ContainerLogLine[] = [];
      await engine.logs(id, { tail: 2, signal: signal(), onLines: (more) => lines.push(...more) });
      // Docker's two pipes have no order between them, a container's start and its first line neither.
      expect(lines.at(-1)).toMatchObject({ stream: 'err', text: 'late' });
      const out = lines.filter((each) => each.stream === 'out').map((each) => each.text);
      expect(['line 1', 'line 2', 'line 3'].join().endsWith(out.join())).toBe(true);
      for (const each of lines) expect(Math.abs(Date.now() - each.atMs)).toBeLessThan(600_000);
    });

    it('reads a log that is not followed, and is done though the container runs on', async () => {
      // A log of one line that looks like a document is still a log.
      for (const terminal of [false, true]) {
        const id = await start(fresh(`echo '{"n":1}'; exec sleep 60`, { terminal }));
        const lines: ContainerLogLine[] = [];
        await eventually('its line is in the log', async () => {
          lines.length = 0;
          await engine.logs(id, { tail: 5, follow: false, signal: signal(), onLines: (more) => lines.push(...more) });
          return lines.length > 0;
        });
        expect(lines.map((each) => each.text)).toEqual(['{"n":1}']);
        expect((await engine.container(id))?.state).toBe('running');
      }
    });

    it('reads the log of a terminal', async () => {
      const id = await start(fresh('echo one; echo two', { terminal: true }));
      const lines: ContainerLogLine[] = [];
      await engine.logs(id, { tail: 10, signal: signal(), onLines: (more) => lines.push(...more) });
      expect(lines.map((each) => [each.stream, each.text])).toEqual([
        ['out', 'one'],
        ['out', 'two'],
      ]);
    });

    it('stops following when it is told to, and has nothing to follow where there is no container', async () => {
      const id = await start(fresh('while :; do echo tick; sleep 0.05; done'));
      const abort = new AbortController();
      let heard = 0;
      await engine.logs(id, {
        tail: 1,
        signal: abort.signal,
        onLines: (lines) => {
          heard += lines.length;
          if (heard > 2) abort.abort();
        },
      });
      expect(heard).toBeGreaterThan(2);
      await engine.logs('0'.repeat(64), { tail: 1, signal: signal(), onLines: () => {} });
    });

    it('can be cancelled', async () => {
      const abort = new AbortController();
      const observing = engine.observe(abort.signal);
      abort.abort();
      await expect(observing).rejects.toMatchObject({ failure: { code: 'cancelled' } });
      await expect(engine.container('x', abort.signal)).rejects.toMatchObject({ failure: { code: 'cancelled' } });
      await engine.events({ signal: abort.signal, onOpen: () => {}, onEvent: () => {} });
    });

    it('answers many questions at once', async () => {
      const own = await start(fresh('sleep 60'));
      const { containers } = await engine.observe();
      // Others may be gone by the time they are asked for; the own one is not.
      const ids = [own, ...containers.map((each) => each.id).filter((id) => id !== own)].slice(0, 20);
      const facts = await Promise.all(ids.map((id) => engine.container(id)));
      expect(facts[0]?.id).toBe(own);
      expect(facts.flatMap((each) => (each ? [each.id] : []))).toEqual(ids.filter((_, index) => facts[index] !== null));
    });
  });
}
