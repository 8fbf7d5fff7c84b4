import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Trouble } from '../../src/core/trouble.ts';
import { dockerAwayWords, mendWords } from '../../src/core/trouble-words.ts';
import type { Session } from '../../src/engine/session.ts';
import { eventually } from '../../src/testkit/eventually.ts';
import { commandLine, completes, connectTo, serviceOn } from '../journeys/journey.ts';
import { theLab } from '../journeys/the-lab.ts';
import { withDockerStopped } from '../lab/faults.ts';
import type { Lab } from '../lab/lab.ts';
import { act, answers, deployAgain, host, name, named, raise, script, stand } from './stage.ts';
import { type Row, renderTable } from './table.ts';
import { chosenWays, ways } from './ways.ts';

const out = path.join(import.meta.dirname, '../../out/broken');

describe('a service that was broken by hand', () => {
  let lab: Lab;
  let session: Session;
  const rows: Row[] = [];

  beforeAll(async () => {
    lab = await theLab(host);
    await clear();
    session = await connectTo(lab, host);
    await raise(lab, session);
  });

  afterAll(async () => {
    session?.close();
    // Of those that did not run this time, what was measured last stays.
    const file = path.join(out, 'table.json');
    const before: Row[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
    const all = ways.flatMap((way) => [...rows, ...before].find((row) => row.name === way.name) ?? []);
    mkdirSync(out, { recursive: true });
    writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);
    if (all.length === ways.length)
      writeFileSync(path.join(import.meta.dirname, '../../docs/broken.md'), renderTable(all));
    if (lab !== undefined) await clear();
  });

  /** A container of nobody's under the entry point's name is in nobody's way to be reset. */
  const clear = async () => {
    await lab.exec(host, 'docker ps -aq | xargs -r docker rm -f');
    await lab.reset(host);
  };

  /** Milliseconds from the end of the breaking until it is said, and what is said. */
  const told = async (
    breaks: () => Promise<unknown>,
    says: () => Trouble | null,
  ): Promise<{ toldMs: number; said: Trouble | null }> => {
    let seenAt: number | null = null;
    let said: Trouble | null = null;
    const look = () => {
      if (seenAt !== null) return;
      said = says();
      if (said !== null) seenAt = performance.now();
    };
    const stop = session.onChange(look);
    await breaks();
    const brokenAt = performance.now();
    look();
    try {
      await eventually('it is said', () => seenAt !== null, 15_000);
    } catch {
      throw new Error(`it is not said: ${JSON.stringify(serviceOn(session, name).troubles)}`);
    } finally {
      stop();
    }
    return { toldMs: Math.max(0, Math.round((seenAt ?? brokenAt) - brokenAt)), said };
  };

  test('DN1 DN6 the command line says it first, and mends it', async () => {
    const service = await stand(session, undefined);
    await lab.exec(host, script('docker rm -f $ENTRY; rm compose.override.yaml', named(service)));
    const map = await commandLine(lab, 'map', host);
    expect([map.code, map.stdout.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(/^DOWN {2}feather: web is down: its entry point is gone/),
    ]);
    expect(map.stdout).toContain(`Put it back: switchyard mend ${host} feather/web`);
    expect(map.stdout).toContain('WRONG  feather: The override lacks our lines for web');
    const json = await commandLine(lab, 'map', host, '--json');
    expect(json.stdout).toContain('"cause":"entry-gone"');
    expect(await commandLine(lab, 'mend', host, 'feather/web')).toMatchObject({ code: 0 });
    expect(await answers(lab)).toBe(true);
  });

  // Five seconds are for a quiet machine: three tries.
  test.each(chosenWays())('DN1 DN4 DN6 $title', { retry: 2 }, async (way) => {
    if (way.says === 'docker-away') {
      let toldMs = 0;
      await stand(session, way.on);
      const before = serviceOn(session, name);
      let exits = 0;
      const stop = session.onChange(() => {
        if (serviceOn(session, name).health !== before.health) exits += 1;
      });
      await withDockerStopped(lab, host, async () => {
        const at = performance.now();
        await eventually('it is said', () => session.map()?.dockerAwaySinceMs !== null, 10_000);
        toldMs = Math.round(performance.now() - at);
        expect(toldMs, 'told within 5 s').toBeLessThan(5_000);
        expect(exits, 'no exit is told of a Docker that was stopped').toBe(0);
        expect(serviceOn(session, name)).toMatchObject({ health: before.health, troubles: [] });
        expect(await session.refresh()).toMatchObject({ ok: false, failure: { code: 'docker-stopped' } });
      });
      stop();
      const startedAt = performance.now();
      await eventually('Docker answers', () => session.map()?.dockerAwaySinceMs === null, 20_000);
      await eventually('the site answers', () => answers(lab), 30_000);
      const words = dockerAwayWords(host, 0);
      rows.push({
        name: way.name,
        title: way.title,
        level: 'down',
        says: words.title,
        text: words.text,
        toldMs,
        button: words.byHand,
        answersMs: Math.round(performance.now() - startedAt),
      });
      return;
    }
    const { cause, level } = way.says;
    const service = await stand(session, way.on);
    expect(await answers(lab), 'it answers before').toBe(true);
    const names = named(service);
    const top = (): Trouble | undefined => serviceOn(session, name).troubles[0];
    const { toldMs, said: first } = await told(
      () => lab.exec(host, script(way.breaks, names), { okCodes: [0, 1, 2, 137] }),
      () => {
        const first = top();
        const fits =
          first?.cause === cause && first.level === level && (way.words?.test(`${first.title} ${first.text}`) ?? true);
        return fits ? first : null;
      },
    );
    expect(toldMs, 'told within 5 s').toBeLessThan(5_000);
    // More may have been broken behind what was said first; what the watch mends may be mended by now.
    const last = top();
    const said = last?.cause === cause && last.level === level ? last : first;
    expect(said).toMatchObject({ cause, level });
    if (said === null) return;
    expect(`${said.title} ${said.text} ${said.byHand ?? ''}`).not.toMatch(/undefined|null|\bENTRY\b|NaN/);
    const startedAt = performance.now();
    const { mended } = way;
    if (mended === 'mend') {
      expect(said.mend?.kind ?? said.orElse?.kind, 'a click mends it').toMatch(/^(put-back|start)$/);
      await completes(session, name, 'mend');
    } else if (mended === 'go') {
      expect(said.mend).toMatchObject({ kind: 'go' });
      if (said.mend?.kind === 'go') await completes(session, name, said.mend.verb);
    } else if (mended !== 'by-itself') {
      expect(said.mend).toBeNull();
      expect(said.byHand).not.toBeNull();
      expect(await act(session, name, 'mend')).toMatchObject({ failure: { code: 'not-mendable' } });
      await lab.exec(host, script(mended.byHand, names), { okCodes: [0, 1] });
      if (mended.next === 'mend') {
        await eventually('a click mends the rest', () => top()?.mend?.kind === 'put-back', 5_000);
        await completes(session, name, 'mend');
      }
      if (mended.next === 'deploy') {
        await deployAgain(session);
        await completes(session, name, 'flip', { watchMinutes: 0 });
      }
    }
    await eventually('the site answers again', () => answers(lab), mended === 'by-itself' ? 20_000 : 5_000);
    const answersMs = Math.round(performance.now() - startedAt);
    await eventually('nothing is down', () => top()?.level !== 'down' && top()?.cause !== cause, 20_000);
    rows.push({
      name: way.name,
      title: way.title,
      level: said.level,
      says: said.title,
      text: [said.text, said.quote === null ? '' : `“${said.quote}”`].join(' ').trim(),
      toldMs,
      button:
        mended === 'by-itself'
          ? 'none needed: the watch goes back'
          : said.mend === null
            ? (said.byHand ?? '')
            : mendWords(said.mend),
      answersMs,
    });
    if (way.after !== undefined) await lab.exec(host, script(way.after, names), { okCodes: [0, 1] });
  });
});
