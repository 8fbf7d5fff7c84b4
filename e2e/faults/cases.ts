import type { Verb, VerbOptions } from '../../src/core/job.ts';
import { createRandom, shuffled } from './random.ts';

/** What is done to a job at a point. One file each in kinds/. */
export const kinds = ['app', 'runner', 'twice', 'sshd', 'link', 'disk', 'engine', 'entry'] as const;

export type Kind = (typeof kinds)[number];

/**
 * What a service is between two verbs. `lone`: adopted, nothing beside current; `ready`: a next waits; `flipped`: previous is
 * warm; `armed`: the same, and the flip goes back unless it is confirmed.
 */
export type Standing = 'plain' | 'lone' | 'ready' | 'flipped' | 'armed';

/** What is asked of the service, and where in it a fault may come. */
type Act = {
  verb: Verb;
  /** Where a service has to stand; the first is made when it stands nowhere of these. */
  from: readonly [Standing, ...Standing[]];
  options: VerbOptions;
  /** Step by step, with the names of points inside of it beside the three that each step has. */
  steps: readonly (readonly [step: string, ...inside: string[]])[];
  /** The points before which there is no entry point that could be killed, or after which there is none: as `step:phase`. */
  entry: { from?: string; until?: string };
};

const oneSecond = 1 / 60;

export const acts = {
  adopt: {
    verb: 'adopt',
    from: ['plain'],
    options: { checkPath: '/healthz', shareVolumes: true },
    steps: [['check'], ['image'], ['release'], ['start'], ['ready'], ['switch', 'written'], ['confirm', 'roles']],
    entry: { from: 'switch:effect' },
  },
  deploy: {
    verb: 'deploy',
    from: ['lone', 'flipped', 'ready'],
    options: { replace: true },
    steps: [['gate'], ['pull'], ['release'], ['start', 'freed'], ['ready', 'checked', 'ended']],
    entry: {},
  },
  flip: {
    verb: 'flip',
    from: ['ready'],
    options: { watchMinutes: 0 },
    steps: [['gate'], ['move', 'mapped', 'told', 'current'], ['drain', 'ended']],
    entry: {},
  },
  rollback: {
    verb: 'rollback',
    from: ['flipped'],
    options: {},
    steps: [['gate'], ['move', 'mapped', 'told', 'current'], ['drain', 'ended']],
    entry: {},
  },
  /** A watch that ends well, a second after its flip. */
  watch: {
    verb: 'flip',
    from: ['ready'],
    options: { watchMinutes: oneSecond },
    steps: [
      ['move', 'armed'],
      ['watch', 'mapped', 'told'],
    ],
    entry: {},
  },
  /** A watch that goes back, because the release turns ill as soon as it has the traffic. */
  back: {
    verb: 'flip',
    from: ['ready'],
    options: { watchMinutes: 1 },
    steps: [['watch', 'mapped', 'current', 'told']],
    entry: {},
  },
  /** Of a flip that would go back; whether it came in time or not, the watch ends soon after. */
  confirm: {
    verb: 'confirm',
    from: ['armed'],
    options: {},
    steps: [['gate'], ['keep']],
    entry: {},
  },
  retire: {
    verb: 'retire',
    from: ['ready', 'flipped'],
    options: {},
    steps: [['gate'], ['stop', 'stopped']],
    entry: {},
  },
  eject: {
    verb: 'eject',
    from: ['lone', 'flipped', 'ready'],
    options: {},
    steps: [['check'], ['edit', 'edited'], ['replace'], ['clean', 'stopped', 'ended']],
    entry: { until: 'replace:before' },
  },
} as const satisfies Record<string, Act>;

/** Acts behind which a watch still has to end. */
export const watchedActs: readonly ActName[] = ['watch', 'back', 'confirm'];

export type ActName = keyof typeof acts;

/** One fault: `flip:move:effect:runner`. */
export type Case = { act: ActName; step: string; phase: string; kind: Kind };

export const caseName = ({ act, step, phase, kind }: Case): string => `${act}:${step}:${phase}:${kind}`;

/** As the plant in the job knows it. */
export const faultOf = ({ step, phase, kind }: Case): string => `${step}:${phase}:${kind}`;

const phases = ['before', 'effect', 'record'];

/** The points of an act, in the order a job comes by them. */
export function pointsOf(name: ActName): { step: string; phase: string }[] {
  const { steps }: Act = acts[name];
  return steps.flatMap(([step, ...inside]) =>
    ['before', ...inside, 'effect', 'record'].map((phase) => ({ step, phase })),
  );
}

/** Every case there is. */
export function allCases(): Case[] {
  return (Object.keys(acts) as ActName[]).flatMap((act) => {
    const points = pointsOf(act);
    const { entry }: Act = acts[act];
    const at = (point: string | undefined, otherwise: number) =>
      point === undefined ? otherwise : points.findIndex(({ step, phase }) => `${step}:${phase}` === point);
    const [first, last] = [at(entry.from, 0), at(entry.until, points.length)];
    return points.flatMap((point, index) =>
      kinds
        .filter((kind) => kind !== 'entry' || (index >= first && index <= last))
        .map((kind) => ({ act, ...point, kind })),
    );
  });
}

/** The case of that name, or null. */
export function parseCase(name: string): Case | null {
  return allCases().find((each) => caseName(each) === name) ?? null;
}

/** So many of all cases, chosen by the seed: spread over steps and kinds as evenly as numbers allow. */
export function sampleCases(count: number, seed: number): Case[] {
  const random = createRandom(seed);
  const left = shuffled(allCases(), random);
  if (count >= left.length) return left;
  const taken: Case[] = [];
  const uses = new Map<string, number>();
  const used = (key: string) => uses.get(key) ?? 0;
  const crowding = ({ act, step, phase, kind }: Case) =>
    used(`${act}:${step}`) * 4 + used(kind) + used(`${kind}:${act}:${step}`) * 40 + used(phase) / phases.length;
  while (taken.length < count) {
    let best = 0;
    for (let index = 1; index < left.length; index += 1)
      if (crowding(left[index] as Case) < crowding(left[best] as Case)) best = index;
    const [next] = left.splice(best, 1) as [Case];
    for (const key of [`${next.act}:${next.step}`, next.kind, `${next.kind}:${next.act}:${next.step}`, next.phase])
      uses.set(key, used(key) + 1);
    taken.push(next);
  }
  return taken;
}
