import type { ChildProcess } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import type { Session } from '../../src/engine/session.ts';
import { acts, type Case, caseName, faultOf, watchedActs } from './cases.ts';
import { rollBackByHand } from './hand.ts';
import { judge } from './invariants/invariants.ts';
import type { Evidence } from './invariants/verdict.ts';
import { harms } from './kinds/kinds.ts';
import { type Lane, spawnApp } from './lane.ts';
import { feather, type Look } from './look.ts';
import { letGo } from './plant.ts';
import { type Play, playVerb, sessionFor } from './play.ts';
import { type Finding, spoils } from './report.ts';
import { otherImage, standingOf } from './stage.ts';
import { toldOf, toldOfWatch } from './told.ts';

/** How long a client may have to hear that a job is over, once it has a link and the job is nobody's any more. */
const tellMs = 20_000;

/**
 * One fault: the service is brought to where the case begins, the verb is started, the harm is done at its point, a new
 * client connects, and when that one was told everything is judged. Returns what is wrong, and how the service was left.
 */
export async function runPoint(
  lane: Lane,
  each: Case,
  known: Look,
  byHandForReal: boolean,
): Promise<{ finding: Finding; left: Look | null }> {
  const { stage, host, lab } = lane;
  const { server } = stage;
  const name = caseName(each);
  const startedMs = performance.now();
  const finding = (violations: string[], recoveryMs: number | null): Finding => ({
    name,
    kind: each.kind,
    violations,
    recoveryMs,
    ms: performance.now() - startedMs,
  });
  const { from, verb, options } = acts[each.act];
  const at = standingOf(known);
  const standing = from.find((one) => one === at) ?? from[0];
  const before = await stage.reach(known, standing);
  const play: Play = {
    target: host,
    sshConfigPath: each.kind === 'link' ? lane.proxiedConfig : lab.sshConfigPath,
    name: { stack: feather.stack, service: feather.service },
    verb,
    options: verb === 'deploy' ? { ...options, image: otherImage(before), again: true } : options,
  };
  if (verb === 'deploy') await stage.writeCurrentImage(before);
  const load = await lane.startLoad();
  let app: Session | null = null;
  let child: ChildProcess | null = null;
  let client: Session | null = null;
  try {
    await server.sh(`rm -f ${feather.home}/jobs/*/fault-reached`, { anyCode: true });
    let played: Promise<string>;
    if (each.kind === 'app') {
      const started = spawnApp(play, faultOf(each));
      child = started.child;
      played = started.ended;
    } else {
      app = sessionFor(host, play.sshConfigPath, faultOf(each));
      played = playVerb(app, play).then((end) =>
        'job' in end ? `${end.job.state} ${JSON.stringify(end.job.failure)}` : end.refused,
      );
    }
    if (each.act === 'back') await turnIll(server, before);
    const job = await reached(server, played, each.act);
    if (!job.startsWith('/')) return { finding: finding([`I0 the fault never came: ${job}`], null), left: null };
    const argv = await server.sh(
      `printf %s '${stage.secret}' | grep -laFf - /proc/[0-9]*/cmdline 2>/dev/null | head -n 3; true`,
    );
    const release = async () => {
      await server.sh(letGo(job));
    };
    const outage = await harms[each.kind]({ lab, host, server, app: child, proxy: lane.proxy, job, release });

    app?.close();
    app = null;
    const connectedAt = performance.now();
    client = await stage.connected();
    const id = job.slice(job.lastIndexOf('/') + 1);
    const told = await toldOf(client, id, tellMs);
    const toldMs = performance.now() - connectedAt;
    const over = watchedActs.includes(each.act) ? await watchOver(server) : true;
    // A watch is told of by its end; whoever confirms is told at once, and the watch goes on.
    const recoveredMs = each.act === 'confirm' ? toldMs : performance.now() - connectedAt;
    const killed = each.kind === 'runner' || each.kind === 'twice';
    const recoveryMs = killed && told !== null && over ? recoveredMs : null;
    // A job that could not write its end is told of before that; the client that is connected has it recovered.
    await exitsWritten(server);
    const toldAtMs = Date.now();
    if (each.act === 'back') await cure(server);
    const watchTold = watchedActs.includes(each.act) ? await toldOfWatch(client, before.jobs, 2_500) : null;
    client.close();
    client = null;

    const after = await stage.look();
    client = await stage.connected();
    // Longer than a client takes to start what it believes is to be recovered or watched.
    await server.sh('sleep 0.8');
    client.close();
    client = null;
    const again = await stage.look();
    const byHand = await rollBackByHand(server, again, byHandForReal);
    const report = await load.stop();
    const failureWords = JSON.stringify(told?.failure ?? '');
    const evidence: Evidence = {
      ...{
        act: each.act,
        kind: each.kind,
        before,
        after,
        again,
        outage,
        toldAtMs,
        byHand,
        told: told?.state ?? null,
        watchTold,
      },
      load: report.records,
      secretSeen: [
        ...argv
          .split('\n')
          .filter((line) => line.startsWith('/proc/'))
          .map((line) => `the arguments of ${line}`),
        ...(failureWords.includes(stage.secret) ? ['the failure that the client was told'] : []),
      ],
    };
    const violations = judge(evidence);
    if (told === null) violations.unshift(`I4 no client was told within ${tellMs} ms that the job is over`);
    else if (told.state === 'indeterminate')
      violations.unshift(`I4 the client was told ${told.state} (${told.failure?.code}), not how it ended`);
    if (!over) violations.unshift(`I4 the watch does not end within ${tellMs} ms`);
    const left = violations.some(spoils) ? null : byHandForReal && byHand !== null ? await stage.look() : again;
    return { finding: finding(violations, recoveryMs), left };
  } finally {
    await load.stop();
    child?.kill('SIGKILL');
    app?.close();
    client?.close();
  }
}

/** Waits until a job stands at its point. Returns its folder, or what ended before it came there. */
async function reached(server: Lane['stage']['server'], played: Promise<string>, act: Case['act']): Promise<string> {
  let ended: string | null = null;
  played.then(
    (words) => {
      ended = words;
    },
    (caught) => {
      ended = String(caught);
    },
  );
  const watches = watchedActs.includes(act);
  const deadlineMs = performance.now() + 45_000;
  let endedAtMs = 0;
  for (;;) {
    const wasEnded = ended !== null;
    const found = await server.sh(
      `for i in $(seq 25); do for each in ${feather.home}/jobs/*/fault-reached; do [ -e "$each" ] && { echo "\${each%/*}"; exit; }; done; sleep 0.02; done`,
    );
    if (found.startsWith('/')) return found.trim();
    if (wasEnded && endedAtMs === 0) endedAtMs = performance.now();
    if (wasEnded && !(watches && String(ended).startsWith('completed') && performance.now() - endedAtMs < 12_000))
      return `the verb ended: ${ended}`;
    if (performance.now() > deadlineMs) return 'nothing came to the point in time';
  }
}

/** Makes the release in the free slot ill as soon as it has the traffic. */
async function turnIll(server: Lane['stage']['server'], before: Look): Promise<void> {
  const to = before.live.startsWith('blue') ? 'green' : 'blue';
  await server.sh(
    `address=$(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' ${feather.prefix}--${to})
for i in $(seq 1000); do grep -q '^live ${to}-watching' ${feather.state}/entry/live.map && break; sleep 0.02; done
for i in $(seq 100); do [ -e ${feather.state}/watch ] && break; sleep 0.02; done
curl -s -m 2 -o /dev/null http://$address:8080/ill; true`,
  );
}

/** What was made ill is well again, wherever it is now: a previous that answers nobody is no case for those that follow. */
async function cure(server: Lane['stage']['server']): Promise<void> {
  await server.sh(
    `for each in blue green; do address=$(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' ${feather.prefix}--$each 2>/dev/null) && curl -s -m 2 -o /dev/null "http://$address:8080/well"; done; true`,
  );
}

/**
 * Waits for the exit of each job; what has none after that time is found by I4. Then, three seconds at most, for what ends by
 * itself: who renewed the lease of one that was killed, and a watch that finds another at its work.
 */
async function exitsWritten(server: Lane['stage']['server']): Promise<void> {
  await server.sh(
    `for i in $(seq ${tellMs / 100}); do open=; for job in ${feather.home}/jobs/*; do [ ! -d "$job" ] || [ -e "$job/exit" ] || open=1; done; [ -n "$open" ] || break; sleep 0.1; done
[ ! -e ${feather.state}/watch ] || exit 0
for i in $(seq 30); do pgrep -f '^sh ./(run|watch).sh' >/dev/null || break; sleep 0.1; done`,
    { timeoutMs: tellMs * 2 + 3_000 },
  );
}

async function watchOver(server: Lane['stage']['server']): Promise<boolean> {
  const said = await server.sh(
    `for i in $(seq ${tellMs / 100}); do [ -e ${feather.state}/watch ] || grep -q -- -watching ${feather.state}/entry/live.map || { echo over; exit; }; sleep 0.1; done`,
    { timeoutMs: tellMs * 2 },
  );
  return said.startsWith('over');
}
