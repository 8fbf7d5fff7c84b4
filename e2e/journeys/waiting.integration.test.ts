import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/engine/session.ts';
import type { Lab } from '../lab/lab.ts';
import { act, connectTo, type Ended, endOf, frontendOf, get, granted, type Place, serviceOn } from './journey.ts';
import { theLab } from './the-lab.ts';

/** How a job ended, and what it said where that is not completed: one word on one line of a report. */
const told = ({ outcome, failure }: Ended): string =>
  failure === null ? outcome : `${outcome}: ${failure.code}: ${failure.message} ${failure.detail ?? ''}`;

/** Jobs of one stack that want the same lock, on a real server. */
describe('jobs that want the same lock', { concurrent: false }, () => {
  let lab: Lab;
  let place: Place;
  let session: Session;
  let other: Session;
  const frontend = { stack: 'shop', service: 'frontend' };
  const backend = { stack: 'shop', service: 'backend' };
  const options = { checkPath: '/healthz' };

  beforeAll(async () => {
    lab = await theLab('shop');
    await lab.reset('shop');
    place = frontendOf(lab);
    session = await connectTo(lab, 'home');
    other = await connectTo(lab, 'home', { by: 'other@window' });
  });
  afterAll(() => {
    session?.close();
    other?.close();
  });

  test('TO6 TO7 two adoptions of one stack at once both complete, and each card keeps its version', async () => {
    const before = [frontend, backend].map((name) => serviceOn(session, name).version);
    const seen = new Set<string>();
    const stop = session.onChange(() => {
      for (const name of [frontend, backend])
        seen.add(`${name.service} ${serviceOn(session, name).version} ${serviceOn(session, name).tier}`);
    });
    const first = granted(await session.start(frontend, 'adopt', options));
    const second = granted(await session.start(backend, 'adopt', options));
    expect([first.state, second]).toMatchObject([
      'running',
      { state: 'waiting', waitsFor: { verb: 'adopt', service: 'frontend', by: 'tester@journey' } },
    ]);
    expect(serviceOn(session, backend).switch).toMatchObject({ kind: 'waiting', verb: 'adopt' });
    const ends = await Promise.all([endOf(session, first), endOf(session, second)]);
    expect(ends.map(told)).toEqual(['completed', 'completed']);
    stop();
    expect([...seen].sort()).toEqual([`backend ${before[1]} service`, `frontend ${before[0]} service`]);
    const { host, port } = place.at();
    expect((await get(host, port)).status).toBe(200);
  });

  test('TO6 of two clients, one that comes at the same moment waits for the other, and is not refused', async () => {
    const ends = await Promise.all([act(session, frontend, 'eject'), act(other, backend, 'eject')]);
    expect(ends.map(told)).toEqual(['completed', 'completed']);
    const again = await Promise.all([act(session, frontend, 'adopt', options), act(other, backend, 'adopt', options)]);
    expect(again.map(told)).toEqual(['completed', 'completed']);
  });

  test('TO6 one that must not wait is refused at once, and one that was stopped while it waited has changed nothing', async () => {
    const running = granted(await session.start(frontend, 'eject', {}));
    expect(await act(session, backend, 'eject', { noWait: true })).toMatchObject({
      outcome: 'not-started',
      failure: { code: 'lock-held', message: expect.stringContaining('tester@journey: eject of frontend') },
    });
    const waiting = granted(await session.start(backend, 'eject', {}));
    expect(waiting.state).toBe('waiting');
    granted(await session.stop('shop', waiting.id));
    expect(await endOf(session, waiting)).toMatchObject({ outcome: 'aborted', failure: { code: 'cancelled' } });
    expect(await endOf(session, running)).toMatchObject({ outcome: 'completed' });
    expect(serviceOn(session, backend).adopted).toBe(true);
  });
});
