import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/engine/session.ts';
import { eventually } from '../../src/testkit/eventually.ts';
import type { Lab } from '../lab/lab.ts';
import { startLoad } from '../load/load.ts';
import {
  backendImage,
  completes,
  connectTo,
  frontendImage,
  get,
  identities,
  oneIsLive,
  type Place,
  serviceOn,
} from './journey.ts';
import { theLab } from './the-lab.ts';

/** The shop behind an operator's own Traefik, which must not notice that anything was adopted. */
describe('behind Traefik', () => {
  let lab: Lab;
  let session: Session;
  let proxy: string;
  const place = (service: string, route: string): Place & { route: string } => ({
    lab,
    host: 'edge',
    folder: '/home/home/shop',
    name: { stack: 'shop', service },
    at: () => ({ host: lab.host('edge').address, port: 80 }),
    route,
  });
  const proxyNow = async () =>
    `${await identities(lab, 'edge', 'proxy-traefik-1')}${
      (
        await lab.exec(
          'edge',
          'cd ~/proxy && find . -type f -exec sha256sum {} + | sort; docker inspect --format "{{json .Args}} {{json .HostConfig.Binds}}" proxy-traefik-1',
        )
      ).stdout
    }`;
  /** Routers and their services as Traefik itself tells them: rule, entry points, middlewares. */
  const routers = async () => {
    const answer = await lab.exec('edge', 'curl -s http://127.0.0.1:8080/api/http/routers');
    return (JSON.parse(answer.stdout) as Record<string, unknown>[])
      .filter((router) => String(router.name).endsWith('@docker'))
      .map(({ name, rule, entryPoints, middlewares, service, status }) => ({
        name,
        rule,
        entryPoints,
        middlewares,
        service,
        status,
      }))
      .sort((a, b) => String(a.name).localeCompare(String(b.name)));
  };

  beforeAll(async () => {
    lab = await theLab('traefik');
    await lab.reset('traefik');
    session = await connectTo(lab, 'edge');
    proxy = await proxyNow();
  });
  afterAll(() => session?.close());

  for (const [service, route, post] of [
    ['frontend', '', '/api/echo'],
    ['backend', '/backend', '/backend/echo'],
  ] as const) {
    test(`${service} is adopted and flipped under load without a lost request, and Traefik is untouched`, async () => {
      const here = place(service, route);
      const { name } = here;
      // Traefik takes a service up once its container is healthy, which may be a while after the lab is up.
      const before = await eventually('Traefik has both routers', async () => {
        const known = await routers();
        return known.length === 2 ? known : null;
      });
      const plan = await session.planAdopt(name, {});
      expect(plan).toMatchObject({ ok: true, value: { adoptable: true } });
      await completes(session, name, 'adopt', service === 'frontend' ? { checkPath: '/healthz' } : {});
      const { host, port } = here.at();
      // Traefik takes in what Docker tells it after up to 2 s: the end of adoption's gap is when it has stayed the same for longer.
      let since = performance.now();
      await eventually(
        'Traefik routes again',
        async () => {
          const { status } = await get(host, port, `${route}/version`);
          if (status !== 200 || (await routers()).length !== before.length) since = performance.now();
          return performance.now() - since > 4_000;
        },
        40_000,
      );
      expect(await routers()).toEqual(before);
      const running = await startLoad({
        host,
        port,
        clients: 16,
        perSecond: 300,
        path: `${route}/version`,
        postPath: post,
        maxRequests: 100_000,
        maxMs: 150_000,
      });
      const image = service === 'frontend' ? frontendImage : backendImage;
      await completes(session, name, 'deploy', { image: image('1.1.0') });
      await completes(session, name, 'flip', { watchMinutes: 0 });
      expect((await get(host, port, `${route}/version`)).release).toBe('1.1.0');
      await completes(session, name, 'rollback');
      await completes(session, name, 'rollback');
      const report = await running.stop();
      expect(report.samples).toEqual([]);
      expect(report.failed).toBe(0);
      expect(Object.keys(report.releases).sort()).toEqual(['1.0.0', '1.1.0']);
      expect(await proxyNow()).toBe(proxy);
      expect(await routers()).toEqual(before);
      expect(serviceOn(session, name)).toMatchObject({ live: 'green', version: '1.1.0' });
      if (route === '') await oneIsLive(here, '1.1.0');
    });
  }

  test('both are adopted, and the page still has its products', async () => {
    const { host, port } = place('frontend', '').at();
    const page = await get(host, port);
    expect(page).toMatchObject({ status: 200, release: '1.1.0' });
    expect(page.body).toContain('Claw hammer');
    const up = await lab.exec('edge', 'cd ~/shop && docker compose up -d 2>&1');
    expect(up.stdout).not.toMatch(/Recreate|Created|Started/);
  });

  test('AD6 ejected behind Traefik, both answer as before', async () => {
    for (const service of ['frontend', 'backend']) await completes(session, { stack: 'shop', service }, 'eject');
    const { host, port } = place('frontend', '').at();
    for (const route of ['', '/backend'])
      await eventually(`${route} answers`, async () => (await get(host, port, `${route}/version`)).release === '1.1.0');
    expect(await proxyNow()).toBe(proxy);
  });
});
