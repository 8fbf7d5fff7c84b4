import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../build/setup/progress.ts';
import { restartServer } from '../lab/faults.ts';
import type { Lab } from '../lab/lab.ts';
import { acts } from './cases.ts';
import { rollBackByHand } from './hand.ts';
import { judge } from './invariants/invariants.ts';
import { servesAgain } from './kinds/entry.ts';
import { type Lane, onLanes } from './lane.ts';
import { feather, type Look } from './look.ts';
import { playVerb, sessionFor } from './play.ts';
import { below, createRandom } from './random.ts';
import { type Finding, logFinding, spoils } from './report.ts';
import { toldOf } from './told.ts';

const latestMs = 1_500;
/**
 * A server of the lab is a container: its boot id stays, and its new life is another process space, in which nobody can see
 * whether a process of the old one lives. Then the lease decides, 30 s at most.
 */
const tellMs = 45_000;

/** The server loses its power at so many moments of a flip, there or back, and gets it again. */
export async function runPower(
  lab: Lab,
  hosts: readonly string[],
  count: number,
  seed: number,
  log: Log,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  let begun = 0;
  await onLanes(lab, hosts, 'own', async (lane, index) => {
    const random = createRandom(seed * hosts.length + index);
    let look: Look = await lane.stage.look();
    while (begun < count) {
      begun += 1;
      const afterMs = below(latestMs, random);
      const act = random() < 0.5 ? 'flip' : 'rollback';
      const name = `power:${act}:${afterMs}`;
      try {
        const { finding, left } = await cutPower(lane, look, act, afterMs, name);
        findings.push(finding);
        logFinding(log, finding);
        const spoiled = finding.violations.some(spoils);
        if (spoiled) await lane.stage.reset();
        look = spoiled ? await lane.stage.look() : left;
      } catch (caught) {
        const violations = [`I0 ${caught instanceof Error ? caught.message : String(caught)}`];
        findings.push({ name, kind: act, violations, recoveryMs: null, ms: 0 });
        logFinding(log, findings.at(-1) as Finding);
        await lane.stage.reset();
        look = await lane.stage.look();
      }
    }
  });
  return findings;
}

async function cutPower(lane: Lane, known: Look, act: 'flip' | 'rollback', afterMs: number, name: string) {
  const { stage, host, lab } = lane;
  const startedMs = performance.now();
  const { verb, options, from } = acts[act];
  const before = await stage.reach(known, from[0]);
  const app = sessionFor(host, lab.sshConfigPath);
  const load = await lane.startLoad();
  try {
    const service = { stack: feather.stack, service: feather.service };
    await app.connect();
    const played = playVerb(app, { target: host, sshConfigPath: lab.sshConfigPath, name: service, verb, options });
    await sleep(afterMs);
    const fromMs = Date.now();
    stage.server.drop();
    await restartServer(lab, host, 'power-cut');
    app.close();
    await played;
    const outage = { fromMs, toMs: await servesAgain(stage.server) };
    const connectedMs = performance.now();
    const client = await stage.connected();
    const jobs = (await stage.server.sh(`ls ${feather.home}/jobs`)).trim().split('\n');
    const died = jobs.filter((id) => id !== '' && !before.jobs.some((each) => each.id === id));
    const told = await Promise.all(died.map((id) => toldOf(client, id, tellMs)));
    const recoveryMs = died.length > 0 ? performance.now() - connectedMs : null;
    const toldAtMs = Date.now();
    client.close();
    const after = await stage.look();
    (await stage.connected()).close();
    await stage.server.sh('sleep 0.3');
    const again = await stage.look();
    const byHand = await rollBackByHand(stage.server, again, false);
    const report = await load.stop();
    const violations = judge({
      ...{ act, kind: 'power', before, after, again, outage, toldAtMs, byHand, secretSeen: [], watchTold: null },
      // One that the server never had has changed nothing.
      told: died.length === 0 ? 'refused' : (told[0]?.state ?? null),
      load: report.records,
    });
    for (const job of told) {
      if (job === null) violations.unshift('I4 no client was told that the job is over');
      else if (job.state === 'indeterminate')
        violations.unshift(`I4 the client was told ${job.failure?.code}, not how it ended`);
    }
    const finding: Finding = { name, kind: act, violations, recoveryMs, ms: performance.now() - startedMs };
    return { finding, left: again };
  } finally {
    app.close();
    await load.stop();
  }
}
