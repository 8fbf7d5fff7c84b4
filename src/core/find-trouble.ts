import { type ConditionFacts, conditionOf } from './container-condition.ts';
import type { ContainerFact } from './docker-facts.ts';
import { entryFolderInside, liveSlotOf } from './entry.ts';
import { tagOf } from './image-kind.ts';
import { serviceSlug, slotContainer, slotPrefix } from './server-layout.ts';
import type { Drift, ReleaseOnServer, ServiceState } from './server-state.ts';
import { otherSlot, type Slot } from './slot.ts';
import { holdsRelease } from './slot-container.ts';
import { type Mend, type Trouble, type TroubleCause, troubleCauses } from './trouble.ts';

/** What is known of one adopted service and of what it stands on. All text in it is untrusted. */
export type ServiceFacts = ConditionFacts & {
  state: ServiceState;
  /** Its files are gone from the server; `state` is what they said last. */
  filesGone: boolean;
  /** Whether anything of the stack, but for the slots, has a container. */
  stackHasContainers: boolean;
  /** Containers that compose says are the service's. */
  composed: readonly ContainerFact[];
  /** Whoever has the entry point's name, compose's or not. */
  named: ContainerFact | null;
  slots: Readonly<Record<Slot, ContainerFact | null>>;
  imageIds: ReadonlySet<string>;
  networkNames: ReadonlySet<string>;
  /** The image that compose.yaml names, as written; null where not known. */
  composeImage: string | null;
  drift: readonly Drift[];
};

/**
 * What is wrong with an adopted service, the worst first; empty while all is well. Pure. It says what Docker and the files
 * say, and of who answers nothing: nobody was asked.
 */
export function findTroubles(facts: ServiceFacts): Trouble[] {
  const found = [...entryTroubles(facts), ...liveTroubles(facts), ...networkTroubles(facts), ...fileTroubles(facts)];
  const isDown = found.some(({ level }) => level === 'down');
  // While nobody is served, that going back is not possible is told by the ways out that are there.
  return (isDown ? found : [...found, ...wayBack(facts)]).sort((a, b) => rank(a) - rank(b));
}

const levels = ['down', 'wrong', 'at-risk'] as const;
const rank = ({ level, cause }: Trouble): number => levels.indexOf(level) * 100 + troubleCauses.indexOf(cause);

const trouble = (
  level: Trouble['level'],
  cause: TroubleCause,
  title: string,
  text: string,
  more: Partial<Pick<Trouble, 'sinceMs' | 'mend' | 'orElse' | 'byHand' | 'quote'>> = {},
): Trouble => ({
  level,
  cause,
  title,
  text,
  sinceMs: null,
  mend: null,
  orElse: null,
  byHand: null,
  quote: null,
  ...more,
});

const putBack: Mend = { kind: 'put-back' };
const start: Mend = { kind: 'start' };

/** Whether a container is the entry point of a service: by the folder of ours that it reads, for labels are anybody's. */
export const isEntryOf = (container: ContainerFact, service: string): boolean =>
  container.mounts.some(
    ({ target, source }) => target === entryFolderInside && source.endsWith(`/${serviceSlug(service)}/entry`),
  );

function entryTroubles(facts: ServiceFacts): Trouble[] {
  const { state, composed, named } = facts;
  const { service, stack, entry } = state.record;
  const candidates = named === null || composed.some(({ id }) => id === named.id) ? composed : [named, ...composed];
  const ours = candidates.filter((each) => isEntryOf(each, service));
  const own = ours.find(({ name }) => name === entry) ?? ours[0];
  if (own !== undefined) return ownEntryTroubles(facts, own);
  const past = composed.find((each) => isPlainOf(facts, each));
  if (past !== undefined) {
    const runs = past.state === 'running';
    return [
      trouble(
        runs ? 'wrong' : 'down',
        'bypassed',
        runs
          ? `The traffic of ${service} goes past its entry point`
          : `${service} is down: plain compose is in the place of its entry point, and does not run`,
        `${past.name} is plain compose, of the image ${past.image}, started without the override${runs ? ': visitors are answered by it' : ''}. ${liveNow(facts)} Its releases get no request.`,
        { mend: putBack, sinceMs: past.createdAtMs > 0 ? past.createdAtMs - facts.aheadMs : null },
      ),
    ];
  }
  const foreign = named ?? composed[0];
  if (foreign !== undefined)
    return [
      trouble(
        'down',
        'entry-replaced',
        `${service} is down: another container is in the place of its entry point`,
        `${foreign.name} is a container of the image ${foreign.image}, and not the entry point of ${service}. ${liveNow(facts)}`,
        {
          byHand: `It may be somebody’s, so it is not removed by a click. Remove it or give it another name, then put the entry point back.`,
        },
      ),
    ];
  const sinceMs = facts.histories.get(entry)?.removedAtMs ?? null;
  if (!facts.stackHasContainers)
    return [
      trouble(
        'down',
        'stack-down',
        `${service} is down: compose has no container of ${stack} any more`,
        `Neither the entry point ${entry} nor any other service of ${stack} has a container, as after docker compose down. ${liveNow(facts)} Putting it back starts ${startsToo(state)}.`,
        { mend: putBack, sinceMs },
      ),
    ];
  return [
    trouble(
      'down',
      'entry-gone',
      `${service} is down: its entry point is gone`,
      `There is no container ${entry} any more. ${liveNow(facts)} Nothing leads there.`,
      { mend: putBack, sinceMs },
    ),
  ];
}

const startsToo = ({ record }: ServiceState): string =>
  record.dependsOn.length === 0
    ? record.service
    : `${record.service} and what it depends on: ${record.dependsOn.join(', ')}`;

/** Plain compose's own container of the service: of an image that a release, or compose.yaml, names for it. */
function isPlainOf({ state, composeImage }: ServiceFacts, container: ContainerFact): boolean {
  const releases = [state.current, state.next, state.previous].flatMap((each) => (each === null ? [] : [each.file]));
  const names = [composeImage, ...releases.map(({ reference }) => reference)].filter((each) => each !== null);
  return (
    releases.some(({ imageId }) => imageId === container.imageId) ||
    names.some((name) => name === container.image || repository(name) === repository(container.image))
  );
}

const repository = (image: string): string => (image.split('@')[0] ?? image).replace(/:[^/:]+$/, '');

function ownEntryTroubles(facts: ServiceFacts, own: ContainerFact): Trouble[] {
  const { service, entry } = facts.state.record;
  const condition = conditionOf(facts, own);
  const found: Trouble[] = [];
  switch (condition.kind) {
    case 'paused':
      found.push(
        trouble(
          'down',
          'entry-paused',
          `${service} hangs: its entry point is paused`,
          `${own.name} is paused: whoever asks waits. ${liveNow(facts)}`,
          { mend: start, sinceMs: condition.sinceMs },
        ),
      );
      break;
    case 'ended':
      found.push(
        trouble(
          'down',
          'entry-stopped',
          `${service} is down: its entry point ${condition.how}`,
          `${own.name} does not run. ${liveNow(facts)} Nothing leads there.`,
          { mend: condition.onPurpose ? start : putBack, sinceMs: condition.sinceMs, quote: condition.quote },
        ),
      );
      break;
    case 'crashing':
      found.push(
        trouble(
          'down',
          'entry-stopped',
          `${service} is down: its entry point ${condition.how}`,
          `${own.name} does not stay up. ${liveNow(facts)}`,
          { mend: putBack, sinceMs: condition.sinceMs, quote: condition.quote },
        ),
      );
      break;
    default:
  }
  if (own.name !== entry) {
    const taken = facts.named !== null && facts.named.id !== own.id;
    found.push(
      trouble(
        'wrong',
        'entry-renamed',
        `The entry point of ${service} has another name: ${own.name}`,
        `Going back, the checks and the watch look for ${entry}${taken ? `, which is another container now, of the image ${facts.named?.image ?? ''}` : ''}.`,
        taken
          ? {
              byHand: `It may be somebody’s, so it is not removed by a click. Remove it or give it another name, then put the entry point back.`,
            }
          : { mend: putBack },
      ),
    );
  }
  return found;
}

/** What runs of the release that has the traffic, in a sentence. */
function liveNow(facts: ServiceFacts): string {
  const slot = liveSlotOf(facts.state.live);
  if (slot === null) return 'live.map names no release.';
  const condition = conditionOf(facts, facts.slots[slot], slotName(facts, slot));
  const what = `${capital(releaseWords(facts.state, facts.state.current))} in ${slot}`;
  switch (condition.kind) {
    case 'well':
      return `${what} runs.`;
    case 'starting':
      return `${what} is starting.`;
    case 'ill':
      return `${what} runs, and is unhealthy.`;
    case 'paused':
      return `${what} is paused.`;
    case 'gone':
      return `${what} has no container.`;
    default:
      return `${what} ${condition.how}.`;
  }
}

function liveTroubles(facts: ServiceFacts): Trouble[] {
  const { state } = facts;
  const slot = liveSlotOf(state.live);
  if (slot === null) return [];
  const { service } = state.record;
  const container = facts.slots[slot];
  const condition = conditionOf(facts, container, slotName(facts, slot));
  const what = `${releaseWords(state, state.current)} in ${slot}`;
  const other = otherRelease(facts, slot);
  const instead =
    other === null
      ? ''
      : ` ${capital(releaseWords(state, other.release))} in ${other.mend.to} runs, and can take the traffic.`;
  const go = other?.mend ?? null;
  const imageThere = state.current !== null && facts.imageIds.has(state.current.file.imageId);
  switch (condition.kind) {
    case 'paused':
      return [
        trouble(
          'down',
          'live-paused',
          `${service} hangs: ${what} is paused`,
          `Whoever asks for ${service} waits.${instead}`,
          {
            mend: start,
            orElse: go,
            sinceMs: condition.sinceMs,
          },
        ),
      ];
    case 'gone': {
      const mend = imageThere ? putBack : null;
      return [
        trouble(
          'down',
          'live-gone',
          `${service} is down: the container of ${what} is gone`,
          `There is no container ${slotName(facts, slot)} any more${imageThere ? '' : ', and its image is gone from this server as well'}.${instead}`,
          {
            mend: go ?? mend,
            orElse: go === null ? null : mend,
            sinceMs: condition.sinceMs,
            byHand:
              go === null && mend === null
                ? `The image ${state.current?.file.image ?? ''} has to be here first: pull it, or load it from a copy.`
                : null,
          },
        ),
      ];
    }
    case 'ended':
      return [
        trouble(
          'down',
          'live-stopped',
          `${service} is down: ${what} ${condition.how}`,
          `The container ${slotName(facts, slot)} does not run.${instead}`,
          {
            // What somebody stopped is started again; what ended by itself may do so again.
            mend: condition.onPurpose ? start : (go ?? start),
            orElse: condition.onPurpose ? go : go === null ? null : start,
            sinceMs: condition.sinceMs,
            quote: condition.quote,
          },
        ),
      ];
    case 'crashing':
      return [
        trouble(
          'down',
          'live-crashing',
          `${service} is down: ${what} ${condition.how}`,
          `Docker starts ${slotName(facts, slot)} again each time.${instead}`,
          {
            mend: go,
            sinceMs: condition.sinceMs,
            quote: condition.quote,
            byHand:
              go === null
                ? 'Starting it once more would end the same way. Its logs say why; deploy a release that stays up.'
                : null,
          },
        ),
      ];
    case 'ill':
      return [
        trouble(
          'down',
          'live-ill',
          `${service} is unhealthy: ${what} fails its health check`,
          `${slotName(facts, slot)} runs, and its own health check fails.${instead}`,
          {
            mend: go,
            sinceMs: condition.sinceMs,
            quote: condition.quote,
            byHand: go === null ? 'Its logs say why. Restarting it may help; a release that is well does.' : null,
          },
        ),
      ];
    default:
      return [];
  }
}

/** The release in the other slot, where it could take the traffic now, and how. Null while the entry point itself is in trouble. */
function otherRelease(
  facts: ServiceFacts,
  live: Slot,
): { mend: Extract<Mend, { kind: 'go' }>; release: ReleaseOnServer } | null {
  const { state } = facts;
  const slot = otherSlot(live);
  const release = state.next ?? state.previous;
  if (release === null || release.file.slot !== slot || release.state.word !== 'ready') return null;
  const container = facts.slots[slot];
  const { stack, service } = state.record;
  if (container === null || !holdsRelease(container, slotPrefix(stack, service), release.file)) return null;
  if (conditionOf(facts, container).kind !== 'well') return null;
  if (entryTroubles(facts).some(({ level }) => level === 'down')) return null;
  return {
    mend: { kind: 'go', to: slot, verb: state.next === null ? 'rollback' : 'flip', version: versionOf(release) },
    release,
  };
}

function networkTroubles(facts: ServiceFacts): Trouble[] {
  const { state } = facts;
  const { record } = state;
  const { service } = record;
  const live = liveSlotOf(state.live);
  const slot = live === null ? null : facts.slots[live];
  const entry = facts.composed.find((each) => isEntryOf(each, service)) ?? null;
  const needed = record.networks.length > 0 ? record.networks : [`${record.stack}_default`];
  const members = [entry, slot].filter((each) => each !== null && each.state === 'running') as ContainerFact[];
  const shared =
    entry === null || slot === null || entry.state !== 'running' || slot.state !== 'running'
      ? null
      : needed.some((network) => isOn(entry, network) && isOn(slot, network));
  const found: Trouble[] = [];
  for (const network of needed) {
    const isThere = facts.networkNames.has(network);
    const off = members.filter((each) => !isOn(each, network));
    if (isThere && off.length === 0) continue;
    const cut = off.map(({ name }) => name).join(' and ');
    const isDown = shared === false || !isThere;
    found.push(
      trouble(
        isDown ? 'down' : 'wrong',
        'network-gone',
        isThere
          ? `${isDown ? `${service} is down: ` : ''}${isDown ? cut : `${cut} of ${service}`} is cut off from the network ${network}`
          : `${service} is down: its network ${network} is gone`,
        isThere
          ? `${cut} runs and is not on ${network}, so ${shared === false ? 'the entry point and the release cannot reach each other' : 'not everything on that network reaches it'}. ${liveNow(facts)}`
          : `There is no network ${network} any more, so the entry point and the release cannot reach each other. ${liveNow(facts)}`,
        { mend: putBack },
      ),
    );
  }
  // Without its containers nothing is left to be cut off; that they are gone is said.
  return members.length === 0 ? found.filter(() => facts.stackHasContainers) : found;
}

const isOn = (container: ContainerFact, network: string): boolean =>
  container.networks.some(({ name }) => name === network);

function fileTroubles(facts: ServiceFacts): Trouble[] {
  const { service, stack, entry } = facts.state.record;
  if (facts.filesGone) {
    // The home state keeps its releases; who has the traffic only what runs still says, or who had read it.
    const own = [...facts.composed, ...(facts.named === null ? [] : [facts.named])].find((each) =>
      isEntryOf(each, service),
    );
    const isKnown = liveSlotOf(facts.state.live) !== null || own?.state === 'running';
    return [
      trouble(
        'wrong',
        'state-gone',
        `The files of Switchyard for ${service} are gone`,
        `Its folder in .switchyard of ${stack} was deleted, and the journal of what was done to it perhaps too. ${liveSlotOf(facts.state.live) === null ? '' : `${liveNow(facts)} `}The entry point does not come back after its next stop, for its configuration was in there.`,
        isKnown
          ? { mend: putBack }
          : {
              byHand: `Which release has the traffic, only the entry point ${entry} says, and it does not run. Take our lines for ${service} out of the override and run docker compose up -d ${service}: it is plain compose then. Remove ${serviceSlug(service)} of ~/.local/state/switchyard/stacks/*, and it can be adopted anew.`,
            },
      ),
    ];
  }
  return facts.drift
    .filter((each) => each.service === service)
    .map(({ file, found, path }) => {
      if (file === 'override-block')
        return found === 'gone'
          ? trouble(
              'wrong',
              'override-gone',
              `The override lacks our lines for ${service}`,
              `${path} does not turn ${service} into its entry point any more: the next docker compose up starts it as plain compose, past the entry point. ${liveNow(facts)}`,
              { mend: putBack },
            )
          : trouble(
              'wrong',
              'override-changed',
              `Our lines for ${service} in the override were changed`,
              `What is between the marks in ${path} is not what was written there: the next docker compose up goes by it. ${liveNow(facts)}`,
              { mend: putBack },
            );
      return trouble(
        'wrong',
        'entry-config-changed',
        `The configuration of the entry point of ${service} ${found === 'gone' ? 'is gone' : 'was changed'}`,
        found === 'gone'
          ? `${path} is not there any more: an entry point that runs goes on, and does not come back after its next stop. ${liveNow(facts)}`
          : `${path} is not as it was written: visitors notice nothing yet, and the entry point goes by it from its next start on. ${liveNow(facts)}`,
        { mend: putBack },
      );
    });
}

function wayBack(facts: ServiceFacts): Trouble[] {
  const { state } = facts;
  const { previous } = state;
  const live = liveSlotOf(state.live);
  // What never got well, or was left because it was ill, is no way back that anybody counts on.
  if (previous === null || state.next !== null || live === null || previous.file.slot === live) return [];
  if (previous.state.word !== 'ready') return [];
  const { slot } = previous.file;
  const container = facts.slots[slot];
  const { service } = state.record;
  const what = `${releaseWords(state, previous)} in ${slot}`;
  const noWay = `${service} has no way back`;
  const holds = holdsRelease(container, slotPrefix(state.record.stack, service), previous.file);
  if (container !== null && !holds)
    return [
      trouble(
        'at-risk',
        'previous-sick',
        `${noWay}: another container is in ${slot}`,
        `${container.name} is a container of the image ${container.image}, and not that of ${what}. ${liveNow(facts)}`,
        {
          byHand: `It may be somebody’s, so nothing goes by it and it is not removed by a click. Remove it or give it another name, then put the way back back.`,
        },
      ),
    ];
  const condition = holds ? conditionOf(facts, container) : conditionOf(facts, null, slotName(facts, slot));
  const anew = 'The next deploy gives it a way back again.';
  if (condition.kind === 'gone') {
    if (!facts.imageIds.has(previous.file.imageId))
      return [
        trouble(
          'at-risk',
          'way-back-gone',
          `${noWay}: the image of ${what} is gone`,
          `${previous.file.reference} was removed from this server, and its container too. ${liveNow(facts)}`,
          {
            byHand: `What was removed cannot be put back from here. ${anew}`,
            sinceMs: condition.sinceMs,
          },
        ),
      ];
    return [
      trouble(
        'at-risk',
        'previous-sick',
        `${noWay}: the container of ${what} is gone`,
        `Its image is still here. ${liveNow(facts)}`,
        {
          mend: putBack,
          sinceMs: condition.sinceMs,
        },
      ),
    ];
  }
  if (condition.kind === 'well' || condition.kind === 'starting') return [];
  const how = condition.kind === 'paused' ? 'is paused' : condition.kind === 'ill' ? 'is unhealthy' : condition.how;
  const startable = condition.kind === 'paused' || condition.kind === 'ended';
  return [
    trouble('at-risk', 'previous-sick', `${noWay}: ${what} ${how}`, liveNow(facts), {
      mend: startable ? start : null,
      byHand: startable ? null : `Its logs say why. ${anew}`,
      sinceMs: condition.sinceMs,
      quote: 'quote' in condition ? condition.quote : null,
    }),
  ];
}

const slotName = ({ state }: ServiceFacts, slot: Slot): string =>
  slotContainer(slotPrefix(state.record.stack, state.record.service), slot);

const versionOf = ({ file }: ReleaseOnServer): string =>
  file.imageVersion || tagOf(file.reference) || `release ${file.number}`;

/** `1.4.2`, or `release 3` where nothing names a version. */
const releaseWords = (_state: ServiceState, release: ReleaseOnServer | null): string =>
  release === null ? 'the release' : versionOf(release);

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
