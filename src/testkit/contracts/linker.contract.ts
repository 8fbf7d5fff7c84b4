import { describe, expect, it } from 'vitest';
import { type Rung, rungNames } from '../../core/connection.ts';
import type { Link, Linker } from '../../engine/ports/link.ts';

/** What every Linker promises for a host that is in order. `create` is called for each test. */
export function describeLinker(name: string, create: () => Promise<Linker>): void {
  describe(`Linker: ${name}`, () => {
    const open = async (linker: Linker, rungs: Rung[] = []): Promise<Link> =>
      linker.open({
        onRung: (rung) => rungs.push(rung),
        onShell: () => {},
        ask: async (question) => {
          throw new Error(`nothing is to be asked, but: ${question.kind}`);
        },
        signal: new AbortController().signal,
      });

    it('climbs the rungs from name to docker in their order', async () => {
      const rungs: Rung[] = [];
      const link = await open(await create(), rungs);
      const passed = rungs.filter((rung) => rung.state === 'passed');
      expect(passed.map((rung) => rung.name)).toEqual(rungNames.slice(0, 5));
      expect(passed.at(-1)?.detail).toMatch(/^Docker \d+\.\d+/);
      for (const rung of passed) expect(rung.detail).toBeTruthy();
      expect(rungs.filter((rung) => rung.state === 'failed')).toEqual([]);
      link.close();
    });

    it('gives a shell, a tunnel and Docker', async () => {
      const link = await open(await create());
      expect((await link.shell.run('echo $((6 * 7))')).stdout).toBe('42\n');
      expect((await link.docker.observe()).engine.version).toMatch(/^\d+\.\d+/);
      const forward = await link.tunnel.forward(() => '127.0.0.1', 1);
      expect(forward.port).toBeGreaterThan(0);
      link.close();
    });

    it('ends everything when it is closed, as often as one likes, and then fails with link-lost', async () => {
      const link = await open(await create());
      const following = link.shell.follow('sleep 20', { signal: new AbortController().signal, onOutput: () => {} });
      const events = new Promise<unknown>((resolve) => {
        const ended = link.docker.events({
          signal: new AbortController().signal,
          onOpen: () => {
            link.close();
            link.close();
          },
          onEvent: () => {},
        });
        ended.then(resolve, resolve);
      });
      await expect(following).rejects.toMatchObject({ failure: { code: 'link-lost' } });
      expect(await link.closed).toBeNull();
      expect(await events).toMatchObject({ name: 'FailureError' });
      await expect(link.shell.run('true')).rejects.toMatchObject({ failure: { code: 'link-lost' } });
      await expect(link.tunnel.forward(() => '127.0.0.1', 1)).rejects.toMatchObject({ failure: { code: 'link-lost' } });
      await expect(link.docker.observe()).rejects.toMatchObject({ failure: { code: 'link-lost' } });
    });

    it('opens again, and twice at a time', async () => {
      const linker = await create();
      const links = await Promise.all([open(linker), open(linker)]);
      for (const link of links) expect((await link.shell.run('echo here')).stdout).toBe('here\n');
      for (const link of links) link.close();
    });

    it('can be cancelled', async () => {
      const abort = new AbortController();
      abort.abort();
      const opening = (await create()).open({
        onRung: () => {},
        onShell: () => {},
        ask: async () => null,
        signal: abort.signal,
      });
      await expect(opening).rejects.toMatchObject({ failure: { code: 'cancelled' } });
    });
  });
}
