import type { HostView, ServiceView } from '../../contract/views.ts';
import { type Headline, headlinesOf } from '../../core/headline.ts';
import type { Health } from '../../core/health.ts';
import { isServing, isTrouble } from '../../core/health.ts';
import type { Mend } from '../../core/trouble.ts';
import { dockerAwayWords } from '../../core/trouble-words.ts';

/** One thing worth interrupting somebody for. */
export type Notice = {
  kind: 'failing' | 'went-back' | 'unconfirmed' | 'away' | 'recovered' | 'back';
  host: string;
  /** The service a click goes to, as `stack/service`; null for the host. */
  service: string | null;
  title: string;
  body: string;
};

/** A blip of the link, a laptop that wakes: not worth a word. */
export const awayAfterMs = 30_000;
/** A restart by hand passes through `exited`. Docker's own `unhealthy` has waited for its retries already. */
export const troubleAfterMs = 10_000;
/** Two good looks, this far apart, are a recovery. */
export const goodLookGapMs = 10_000;
/** A flip that waits to be confirmed is told of when this much is left. */
export const confirmLeftMs = 60_000;
/** How long the containers of a service may shake after a job on it. */
export const quietAfterJobMs = 15_000;

/** What was seen of one host so far. Plain data; `decideNotices` makes the next one. */
export type Memory = {
  /** False until the first map: what was wrong before we looked is shown, not announced. */
  seen: boolean;
  away: Trouble | null;
  /** Docker does not answer, while the host does. */
  docker: Trouble | null;
  services: Record<string, ServiceMemory>;
};

/**
 *   waiting ──▶ told ──▶ (two good looks) recovered
 *      └──▶ (good) forgotten
 *   known: wrong at first sight, or the consequence of a cause already told; never announced
 */
type Trouble = { state: 'waiting' | 'told' | 'known'; sinceMs: number; goodSinceMs: number | null };

type ServiceMemory = {
  served: boolean;
  trouble: Trouble | null;
  quietUntilMs: number;
  wentBackAtMs: number | null;
  /** The end of the watch that was told to wait for its confirmation. */
  unconfirmedUntilMs: number | null;
};

export const freshMemory: Memory = { seen: false, away: null, docker: null, services: {} };

export type Decision = {
  memory: Memory;
  notices: Notice[];
  /** Look again in so many milliseconds even when nothing changes; null when only a change can matter. */
  againMs: number | null;
};

/**
 * What to announce now that a host looks like this: each cause once, in the words of the headline. Silent about services
 * with a job of Switchyard on them, but for traffic that went back by itself.
 */
export function decideNotices(memory: Memory, host: HostView, nowMs: number): Decision {
  switch (host.connection.kind) {
    case 'idle':
      return { memory: freshMemory, notices: [], againMs: null };
    case 'connecting':
    case 'asking':
      return { memory, notices: [], againMs: null };
    case 'away':
    case 'failed':
      return memory.seen
        ? decideAway(memory, host, host.connection.failure.message, nowMs)
        : { memory, notices: [], againMs: null };
    case 'connected':
      return decideConnected(memory, host, nowMs);
  }
}

function decideAway(memory: Memory, host: HostView, reason: string, nowMs: number): Decision {
  const away: Trouble = { state: 'waiting', sinceMs: nowMs, ...memory.away, goodSinceMs: null };
  if (away.state !== 'waiting') return { memory: { ...memory, away }, notices: [], againMs: null };
  const leftMs = away.sinceMs + awayAfterMs - nowMs;
  if (leftMs > 0) return { memory: { ...memory, away }, notices: [], againMs: leftMs };
  return {
    memory: { ...memory, away: { ...away, state: 'told' } },
    notices: [{ kind: 'away', host: host.id, service: null, title: `${host.target} is away`, body: reason }],
    againMs: null,
  };
}

function decideConnected(memory: Memory, host: HostView, nowMs: number): Decision {
  if (host.map === null) return { memory, notices: [], againMs: null };
  if (host.map.dockerAwaySinceMs !== null) return decideDockerAway(memory, host, nowMs);

  const all = host.map.stacks.flatMap((stack) => stack.services);
  const running = new Set(
    host.jobs.filter((job) => job.state === 'running').map((job) => `${job.stack}/${job.service}`),
  );
  const headlines = headlinesOf(host.map).filter(({ trouble }) => trouble.level === 'down');
  const waits = all.map((service) => lookAtConfirming(memory.services[service.id], service, nowMs));
  const looks = all.map((service, index) => ({
    service,
    ...look(waits[index]?.memory, service, running.has(service.id), memory.seen, nowMs),
  }));
  const unconfirmed = all.filter((_service, index) => waits[index]?.told === true);

  const failing = causes(
    looks.filter((each) => each.event === 'failing').map((each) => each.service),
    looks,
    headlines,
  );
  const recovered = looks.filter((each) => each.event === 'recovered').map((each) => each.service);
  const wentBack = looks.filter((each) => each.event === 'went-back').map((each) => each.service);
  const back = lookAtLink(memory.away, nowMs);
  const docker = lookAtLink(memory.docker, nowMs);

  return {
    memory: {
      seen: true,
      away: back.away,
      docker: docker.away,
      services: Object.fromEntries(looks.map((each) => [each.service.id, each.memory])),
    },
    notices: [
      ...(back.told ? [backNotice(host)] : []),
      ...(docker.told ? [dockerBackNotice(host)] : []),
      ...wentBack.map((service) => wentBackNotice(host, service)),
      ...unconfirmed.map((service) => unconfirmedNotice(host, service)),
      ...failingNotices(host, failing, headlines),
      ...(recovered.length > 0 ? [recoveredNotice(host, recovered)] : []),
    ],
    againMs: soonest([
      back.againMs,
      docker.againMs,
      ...waits.map((each) => each.againMs),
      ...looks.map((each) => each.againMs),
    ]),
  };
}

/** One cause: nothing is said of the services of a Docker that does not answer. */
function decideDockerAway(memory: Memory, host: HostView, nowMs: number): Decision {
  const first: Trouble = { state: memory.seen ? 'waiting' : 'known', sinceMs: nowMs, goodSinceMs: null };
  const docker: Trouble = { ...first, ...memory.docker, goodSinceMs: null };
  const seen = { ...memory, seen: true };
  if (docker.state !== 'waiting') return { memory: { ...seen, docker }, notices: [], againMs: null };
  const leftMs = docker.sinceMs + troubleAfterMs - nowMs;
  if (leftMs > 0) return { memory: { ...seen, docker }, notices: [], againMs: leftMs };
  return { memory: { ...seen, docker: { ...docker, state: 'told' } }, notices: [dockerNotice(host)], againMs: null };
}

type Look = {
  memory: ServiceMemory;
  event: 'failing' | 'recovered' | 'went-back' | null;
  againMs: number | null;
};

const nothingYet: ServiceMemory = {
  served: false,
  trouble: null,
  quietUntilMs: 0,
  wentBackAtMs: null,
  unconfirmedUntilMs: null,
};

function look(
  before: ServiceMemory = nothingYet,
  service: ServiceView,
  hasJob: boolean,
  seenBefore: boolean,
  nowMs: number,
): Look {
  const isDown = service.troubles[0]?.level === 'down';
  const memory: ServiceMemory = {
    ...before,
    served: before.served || isServing(service.health),
    quietUntilMs: hasJob ? nowMs + quietAfterJobMs : before.quietUntilMs,
  };

  if (service.switch.kind === 'went-back' && service.switch.atMs !== before.wentBackAtMs) {
    const told = { ...memory, wentBackAtMs: service.switch.atMs, quietUntilMs: nowMs + quietAfterJobMs };
    return { memory: told, event: seenBefore ? 'went-back' : null, againMs: null };
  }

  if (isDown || isFailing(service.health, memory.served))
    return lookAtTrouble(memory, isDown ? 'exited' : service.health, seenBefore, nowMs);
  return isServing(service.health) ? lookAtGood(memory, nowMs) : { memory, event: null, againMs: null };
}

/** What waits is told of although nothing was seen before: nobody else will say it. */
function lookAtConfirming(
  before: ServiceMemory = nothingYet,
  service: ServiceView,
  nowMs: number,
): { memory: ServiceMemory; told: boolean; againMs: number | null } {
  const state = service.switch;
  if (state.kind !== 'watching' || !state.mustConfirm) return { memory: before, told: false, againMs: null };
  // Read again, the end of a watch is off by what the two clocks drift: seconds apart is another watch.
  const isTold = before.unconfirmedUntilMs !== null && Math.abs(before.unconfirmedUntilMs - state.untilMs) < 5_000;
  const dueMs = state.untilMs - confirmLeftMs - nowMs;
  if (isTold || state.untilMs <= nowMs) return { memory: before, told: false, againMs: null };
  if (dueMs > 0) return { memory: before, told: false, againMs: dueMs };
  return { memory: { ...before, unconfirmedUntilMs: state.untilMs }, told: true, againMs: null };
}

/** One that never served while we looked has done its work (a migration, a backup) or was stopped before. */
const isFailing = (health: Health, served: boolean): boolean =>
  isTrouble(health) && (served || (health !== 'exited' && health !== 'dead'));

function lookAtTrouble(memory: ServiceMemory, health: Health, seenBefore: boolean, nowMs: number): Look {
  const { trouble, quietUntilMs } = memory;
  if (!seenBefore) {
    return {
      memory: { ...memory, trouble: { state: 'known', sinceMs: nowMs, goodSinceMs: null } },
      event: null,
      againMs: null,
    };
  }
  if (trouble !== null && trouble.state !== 'waiting') {
    return { memory: { ...memory, trouble: { ...trouble, goodSinceMs: null } }, event: null, againMs: null };
  }
  const waiting: Trouble = trouble ?? { state: 'waiting', sinceMs: nowMs, goodSinceMs: null };
  const patienceMs = health === 'unhealthy' ? 0 : troubleAfterMs;
  const leftMs = Math.max(waiting.sinceMs + patienceMs, quietUntilMs) - nowMs;
  return leftMs > 0
    ? { memory: { ...memory, trouble: waiting }, event: null, againMs: leftMs }
    : { memory: { ...memory, trouble: { ...waiting, state: 'told' } }, event: 'failing', againMs: null };
}

function lookAtGood(memory: ServiceMemory, nowMs: number): Look {
  const { trouble } = memory;
  if (trouble === null || trouble.state !== 'told') {
    return { memory: { ...memory, trouble: null }, event: null, againMs: null };
  }
  const goodSinceMs = trouble.goodSinceMs ?? nowMs;
  const leftMs = goodSinceMs + goodLookGapMs - nowMs;
  return leftMs > 0
    ? { memory: { ...memory, trouble: { ...trouble, goodSinceMs } }, event: null, againMs: leftMs }
    : { memory: { ...memory, trouble: null }, event: 'recovered', againMs: null };
}

function lookAtLink(
  away: Trouble | null,
  nowMs: number,
): { away: Trouble | null; told: boolean; againMs: number | null } {
  if (away === null || away.state !== 'told') return { away: null, told: false, againMs: null };
  const goodSinceMs = away.goodSinceMs ?? nowMs;
  const leftMs = goodSinceMs + goodLookGapMs - nowMs;
  return leftMs > 0
    ? { away: { ...away, goodSinceMs }, told: false, againMs: leftMs }
    : { away: null, told: true, againMs: null };
}

/**
 * Leaves out, and remembers as known, what fails only because something it depends on does, and what a headline says
 * together with another.
 */
function causes(
  failing: ServiceView[],
  looks: { service: ServiceView; memory: ServiceMemory }[],
  headlines: Headline[],
): ServiceView[] {
  const told = looks.filter((each) => each.memory.trouble?.state === 'told');
  const placeOf = ({ id }: ServiceView): number =>
    Math.max(0, ...headlines.map(({ services }) => services.indexOf(id)));
  // The service that a headline leads to stands for all it tells of.
  const ordered = [...failing].sort((a, b) => placeOf(a) - placeOf(b));
  return ordered.filter((service, index) => {
    const together = headlines.find(({ services }) => services.includes(service.id))?.services ?? [];
    const cause = told.find(({ service: { id, blastRadius }, service: other }) => {
      if (id === service.id) return false;
      const isTogether = together.includes(id);
      if (!isTogether && !blastRadius.includes(service.id)) return false;
      // Two that depend on each other are one cause: the first stands for both.
      return !((isTogether || service.blastRadius.includes(id)) && ordered.indexOf(other) > index);
    });
    if (cause === undefined) return true;
    const own = looks.find((each) => each.service === service);
    if (own?.memory.trouble) own.memory = { ...own.memory, trouble: { ...own.memory.trouble, state: 'known' } };
    return false;
  });
}

const soonest = (waits: (number | null)[]): number | null => {
  const due = waits.filter((wait) => wait !== null);
  return due.length === 0 ? null : Math.min(...due);
};

/** Long enough for a sentence; what a server says may be of any length. */
const short = (text: string): string => (text.length > 200 ? `${text.slice(0, 199)}…` : text);

const names = (services: ServiceView[]): string => services.map((service) => service.name).join(', ');

const backNotice = (host: HostView): Notice => ({
  kind: 'back',
  host: host.id,
  service: null,
  title: `${host.target} is back`,
  body: 'Connected again. The map is up to date.',
});

function wentBackNotice(host: HostView, service: ServiceView): Notice {
  const reason = service.switch.kind === 'went-back' ? service.switch.reason : '';
  return {
    kind: 'went-back',
    host: host.id,
    service: service.id,
    title: `${service.name} on ${host.target} went back by itself`,
    body: short(`${reason}. The release before has the traffic.`),
  };
}

const unconfirmedNotice = (host: HostView, service: ServiceView): Notice => ({
  kind: 'unconfirmed',
  host: host.id,
  service: service.id,
  title: `${service.name} on ${host.target} waits to be confirmed`,
  body: 'Keep the flip within a minute, or the traffic goes back to the release before.',
});

/** What fails, in one notice: in the words of the headline, with how many more there are. */
function failingNotices(host: HostView, services: ServiceView[], headlines: Headline[]): Notice[] {
  const [first, ...others] = services;
  if (first === undefined) return [];
  const headline = headlines.find((each) => services.some(({ id }) => each.services.includes(id)));
  if (headline !== undefined) {
    const { trouble } = headline;
    const rest = services.filter(({ id }) => !headline.services.includes(id));
    const more = rest.length === 0 ? [] : [`Down too: ${names(rest)}.`];
    return [
      {
        kind: 'failing',
        host: host.id,
        service: headline.services[0] ?? null,
        title: short(`${host.target}: ${trouble.title}`),
        body: short([trouble.text, trouble.byHand ?? explainMend(trouble.mend), ...more].filter(Boolean).join(' ')),
      },
    ];
  }
  if (others.length > 0) {
    const title = `${services.length} services on ${host.target} are failing`;
    return [{ kind: 'failing', host: host.id, service: null, title, body: short(`${names(services)}.`) }];
  }
  const undo = first.canFlipBack ? ' The release before is warm: you can flip back.' : '';
  return [
    {
      kind: 'failing',
      host: host.id,
      service: first.id,
      title: `${first.name} on ${host.target} is failing`,
      body: `${explainHealth(first.health)}${undo}`,
    },
  ];
}

function explainMend(mend: Mend | null): string | null {
  switch (mend?.kind) {
    case 'put-back':
      return 'One click puts it back.';
    case 'start':
      return 'One click starts it again.';
    case 'go':
      return `One click goes to ${mend.version}.`;
    default:
      return null;
  }
}

function dockerNotice(host: HostView): Notice {
  const { title, text, byHand } = dockerAwayWords(host.target, 0);
  return { kind: 'failing', host: host.id, service: null, title, body: `${text} ${byHand}` };
}

const dockerBackNotice = (host: HostView): Notice => ({
  kind: 'recovered',
  host: host.id,
  service: null,
  title: `Docker answers again on ${host.target}`,
  body: 'The map is up to date.',
});

function recoveredNotice(host: HostView, services: ServiceView[]): Notice {
  const [first] = services;
  const one = services.length === 1 && first !== undefined;
  return {
    kind: 'recovered',
    host: host.id,
    service: one ? first.id : null,
    title: one
      ? `${first.name} on ${host.target} has recovered`
      : `${services.length} services on ${host.target} have recovered`,
    body: one ? (first.adopted ? 'It answers again.' : 'It runs again.') : short(`${names(services)}.`),
  };
}

function explainHealth(health: Health): string {
  switch (health) {
    case 'unhealthy':
      return 'Its health check fails.';
    case 'restarting':
      return 'It keeps restarting.';
    case 'exited':
      return 'It stopped.';
    default:
      return `Docker says: ${health}.`;
  }
}
