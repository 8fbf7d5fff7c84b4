import { performance } from 'node:perf_hooks';
import type { Log } from '../../build/setup/progress.ts';
import type { Session } from '../../src/engine/session.ts';
import type { Lab } from '../lab/lab.ts';
import { type ActName, acts } from './cases.ts';
import { judge } from './invariants/invariants.ts';
import type { Evidence } from './invariants/verdict.ts';
import { type Lane, onLanes } from './lane.ts';
import { feather, type Look } from './look.ts';
import { sessionFor } from './play.ts';
import { below, createRandom, type Random } from './random.ts';
import { type Finding, logFinding, spoils } from './report.ts';
import { otherImage, standingOf } from './stage.ts';
import { toldOf } from './told.ts';

type Cuttable = 'rollback' | 'deploy' | 'flip';

const name = { stack: feather.stack, service: feather.service };

/** One cut of so many is in a deploy, which takes longest, and so one in the flip behind it. */
const deployShare = 0.05;

/** Cuts the SSH stream at so many byte offsets of a verb, from its first question to its end. */
export async function runCuts(
  lab: Lab,
  hosts: readonly string[],
  count: number,
  seed: number,
  log: Log,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  let begun = 0;
  await onLanes(lab, hosts, 'small', async (lane, index) => {
    const random = createRandom(seed * hosts.length + index);
    const connect = () => linked(lane);
    let look = await lane.stage.reach(await lane.stage.look(), 'flipped');
    const bytes = await measureVerbs(lane, look, connect);
    log(
      `  ${lane.host}: ${Object.entries(bytes)
        .map(([verb, of]) => `${verb} takes ${of} bytes`)
        .join(', ')}`,
    );
    look = await lane.stage.reach(await lane.stage.look(), 'flipped');
    let session = await connect();
    const load = await lane.startLoad();
    try {
      while (begun < count) {
        begun += 1;
        const act = chooseAct(look, random);
        const offset = below(bytes[act], random);
        const lostBefore = load.counters().failed;
        const startedMs = performance.now();
        const cut = await cutOnce(lane, session, look, act, offset);
        session = cut.session;
        const lost = load.counters().failed - lostBefore;
        const violations = lost === 0 ? cut.violations : [...cut.violations, `I2 ${lost} requests lost`];
        const finding = {
          ...{ name: `cut:${act}:${offset}`, kind: act, violations, recoveryMs: cut.recoveryMs },
          ms: performance.now() - startedMs,
        };
        findings.push(finding);
        if (violations.length > 0 || findings.length % 50 === 0) logFinding(log, finding);
        look = cut.after;
        if (cut.violations.some(spoils)) look = await lane.stage.reach(await startOver(lane), 'flipped');
      }
    } finally {
      session.close();
      await load.stop();
    }
  });
  return findings;
}

async function startOver({ stage }: Lane): Promise<Look> {
  await stage.reset();
  return stage.look();
}

const chooseAct = (look: Look, random: Random): Cuttable => {
  if (standingOf(look) === 'ready') return 'flip';
  return standingOf(look) === 'lone' || random() < deployShare ? 'deploy' : 'rollback';
};

async function linked({ host, proxiedConfig, proxy }: Lane): Promise<Session> {
  proxy.cutAfterBytes(Number.POSITIVE_INFINITY);
  const session = sessionFor(host, proxiedConfig);
  const connection = await session.connect();
  if (connection.kind !== 'connected') throw new Error(`no link to ${host}: ${JSON.stringify(connection)}`);
  return session;
}

const start = (session: Session, act: ActName, look: Look) => {
  const { verb, options } = acts[act];
  return session.start(name, verb, verb === 'deploy' ? { ...options, image: otherImage(look), again: true } : options);
};

/** How many bytes each verb takes, start to end, so that every one of them may be the last. */
async function measureVerbs(
  lane: Lane,
  flipped: Look,
  connect: () => Promise<Session>,
): Promise<Record<Cuttable, number>> {
  const bytes = { rollback: 0, deploy: 0, flip: 0 };
  const session = await connect();
  try {
    let look = flipped;
    for (const act of ['rollback', 'deploy', 'flip'] as const) {
      const before = lane.proxy.byteCount;
      const started = await start(session, act, look);
      const ended = started.ok
        ? await session.ended(feather.stack, started.value.id, AbortSignal.timeout(60_000))
        : started;
      if (!ended.ok) throw new Error(`${act}: ${ended.failure.message}`);
      bytes[act] = lane.proxy.byteCount - before;
      look = await lane.stage.look();
    }
  } finally {
    session.close();
  }
  return bytes;
}

/** One cut: the job is not there at all, or goes on and ends whole. Returns a session that is linked again. */
async function cutOnce(lane: Lane, session: Session, before: Look, act: Cuttable, offset: number) {
  const { stage, proxy } = lane;
  proxy.cutAfterBytes(offset);
  const started = await start(session, act, before);
  if (started.ok)
    await Promise.race([session.ended(feather.stack, started.value.id, AbortSignal.timeout(30_000)), away(session)]);
  session.close();
  const fresh = await linked(lane);
  const connectedMs = performance.now();
  // Whoever still receives has to find out first that nothing more comes.
  const said = await stage.server.sh(
    `for i in $(seq 1500); do pgrep -u home -f 'switchyard-[r]efused' >/dev/null || break; sleep 0.02; done
for i in $(seq 1500); do open=; for each in ${feather.home}/jobs/*/; do [ -e "$each/exit" ] || open=$each; done; [ -n "$open" ] || break; sleep 0.02; done
cd ${feather.home}/jobs && for each in *; do case ' ${before.jobs.map(({ id }) => id).join(' ')} ' in *" $each "*) ;; *) (cd "$each" && sha256sum -c --ignore-missing manifest >/dev/null 2>&1) && echo "$each whole" || echo "$each torn" ;; esac; done`,
  );
  const jobs = said.split('\n').flatMap((line) => (line === '' ? [] : [line.split(' ')]));
  const violations = jobs.flatMap(([id, how]) => (how === 'whole' ? [] : [`I4 job ${id} is there, and not whole`]));
  if (started.ok && !jobs.some(([id]) => id === started.value.id))
    violations.push(`I4 job ${started.value.id} was said to be started, and is not there`);
  // One that the server never had has changed nothing.
  let heard: Evidence['told'] = jobs.length === 0 ? 'refused' : null;
  for (const [id = ''] of jobs) {
    const told = await toldOf(fresh, id, 10_000);
    heard = told?.state ?? null;
    if (told === null) violations.push(`I4 no client was told that job ${id} is over`);
  }
  const recoveryMs = jobs.length > 0 ? performance.now() - connectedMs : null;
  const after = await stage.look();
  violations.push(
    ...judge({
      ...{ act, kind: 'cut', before, after, again: null, load: null, outage: null, toldAtMs: Date.now(), byHand: null },
      secretSeen: [],
      told: heard,
      watchTold: null,
    }),
  );
  return { session: fresh, after, violations, recoveryMs };
}

/** Resolves when a session's link is gone. */
const away = (session: Session): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (session.connection().kind === 'connected') return;
      stop();
      resolve();
    };
    const stop = session.onChange(look);
    look();
  });
