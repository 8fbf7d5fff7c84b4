import { entryImage, isResetKey } from './adoption.ts';
import { type Check, isCheckPath } from './check.ts';
import type { ContainerFact, DockerFacts } from './docker-facts.ts';
import {
  type EntrySpec,
  entryFolderInside,
  type LiveState,
  liveSlotOf,
  parseLiveMap,
  renderEntryConfig,
} from './entry.ts';
import { type JobName, parseAssignments } from './job-assignments.ts';
import { labels, serviceSlug, slotContainer, slotPrefix } from './server-layout.ts';
import {
  parseJson,
  type ReleaseFile,
  readServiceRecord,
  releaseRecordSchema,
  type ServiceRecord,
} from './service-record.ts';
import { isSlot, type Slot } from './slot.ts';
import type { FoundJob, FoundService, FoundStack } from './take-in-reading.ts';

// What of a stack that 0.1.0 adopted is taken over: as far as its containers bear it out. Pure; all text in it is the server's.

/** How taking in a folder ended. `waits`: something of it does not hold now, and may later. `left`: nothing there is a stack of ours. */
export type TakeIn = {
  folder: string;
  project: string;
  word: 'taken-in' | 'waits' | 'left';
  /** This machine's clock. */
  atMs: number;
  /** What was left out, or what it waits for; sentences. */
  why: readonly string[];
};

/** A release that a role names and whose container is there. */
export type TakenRelease = {
  /** Name of its folder. */
  number: string;
  slot: Slot;
  container: ContainerFact;
  file: ReleaseFile;
  /** How it names its image for good: the engine says that this is the image of its container. */
  image: string;
  /** Our own tag of that image. */
  tag: string;
  /** compose.yaml as it was found. */
  compose: string;
};

export type TakenService = {
  slug: string;
  prefix: string;
  record: ServiceRecord;
  live: LiveState | null;
  entry: ContainerFact;
  /** What has the traffic. */
  serving: TakenRelease;
  releases: TakenRelease[];
  entryConfig: string | null;
  watch: { job: string; seconds: number } | null;
};

/** A job that was under way, and goes on by our scripts. */
export type TakenJob = {
  id: string;
  verb: 'flip' | 'rollback' | 'deploy' | 'retire' | 'confirm';
  slug: string;
  by: string;
  /** Of its verb, beside what says who and where it is. */
  variables: Record<string, string>;
};

export type TakeInDecision =
  | { word: 'taken-in'; services: TakenService[]; jobs: TakenJob[]; why: string[] }
  | { word: 'waits' | 'left'; why: string[] };

const composeLabel = (name: string): string => `com.docker.compose.${name}`;

/** The one compose project whose containers name a folder as theirs; null where there are several, or none. Slots are no project's. */
export function projectOf(docker: DockerFacts, folder: string): string | null {
  const projects = new Set(
    docker.containers.flatMap(({ name, labels: told }) => {
      const project = told[composeLabel('project')];
      const where = told[composeLabel('project.working_dir')]?.replace(/(?<=.)\/+$/, '');
      if (project === undefined || where !== folder || told[composeLabel('oneoff')] === 'True') return [];
      const slot = told[labels.slot];
      const prefix = slotPrefix(told[labels.stack] ?? '', told[labels.service] ?? '');
      return isSlot(slot) && project === prefix && name === slotContainer(prefix, slot) ? [] : [project];
    }),
  );
  const [project] = projects;
  return projects.size === 1 && project !== undefined ? project : null;
}

/** Decides what of a found stack is taken in. `docker`: with labels that may be trusted. */
export function decideTakeIn(found: FoundStack, project: string, docker: DockerFacts): TakeInDecision {
  const services: TakenService[] = [];
  const left: string[] = [];
  const waits: string[] = [];
  for (const each of found.services) {
    const decided = decideService(found, each, project, docker);
    if (decided.kind === 'taken') {
      services.push(decided.service);
      left.push(...decided.notes);
    } else (decided.kind === 'waits' ? waits : left).push(decided.why);
  }
  const jobs: TakenJob[] = [];
  for (const each of found.jobs) {
    const decided = decideJob(found, each, project, services);
    if (decided.kind === 'taken') jobs.push(decided.job);
    else (decided.kind === 'waits' ? waits : left).push(decided.why);
  }
  if (!found.seesProcesses && (found.jobs.length > 0 || services.some(({ watch }) => watch !== null)))
    waits.push(
      'The server does not tell which processes run, so what an earlier Switchyard may still do there cannot be ended.',
    );
  if (waits.length > 0) return { word: 'waits', why: waits };
  if (services.length === 0) return { word: 'left', why: left };
  return { word: 'taken-in', services, jobs, why: left };
}

type ServiceDecision =
  | { kind: 'taken'; service: TakenService; notes: string[] }
  | { kind: 'waits' | 'left'; why: string };

function decideService(found: FoundStack, each: FoundService, project: string, docker: DockerFacts): ServiceDecision {
  const { slug } = each;
  const isEntry = (container: ContainerFact): boolean =>
    container.mounts.some(
      ({ kind, target, source }) =>
        kind === 'bind' && target === entryFolderInside && source === `${found.root}/${slug}/entry`,
    );
  const { record: read, damage } = readServiceRecord(each.record ?? '', null);
  const service = read?.service ?? slug;
  const prefix = slotPrefix(project, service);
  const ofUs = docker.containers.filter(
    (container) => isEntry(container) || slotOf(container, project, service, prefix) !== null,
  );
  // Without a container that is one of ours it is a file that somebody left.
  const no = (why: string): ServiceDecision => ({ kind: ofUs.length > 0 ? 'waits' : 'left', why });
  if (read === null)
    return no(
      `service.json of ${slug} cannot be read${damage?.line == null ? '' : ` (line ${damage.line})`}: ${damage?.why ?? 'it is none'}.`,
    );
  if (read.stack !== project || serviceSlug(service) !== slug)
    return {
      kind: 'left',
      why: `${found.root}/${slug} says that it is of ${read.stack}/${service}, which is not what its place says.`,
    };
  const entries = docker.containers.filter(
    (container) =>
      isEntry(container) &&
      container.labels[composeLabel('project')] === project &&
      container.labels[composeLabel('service')] === service &&
      container.labels[composeLabel('oneoff')] !== 'True',
  );
  const entry = entries.find(({ name }) => name === read.entry) ?? entries[0];
  if (entry === undefined)
    return no(
      `The entry point of ${service} is not there. Bring it back: docker compose up -d ${service}, in ${found.folder}.`,
    );
  const notes: string[] = [];
  const releases: TakenRelease[] = [];
  for (const [role, number] of Object.entries(each.roles)) {
    const release = decideRelease(each, number, { project, service, prefix, docker });
    if (typeof release === 'string')
      notes.push(`${role} of ${service}, release ${plainNumber(number)}, has no way back: ${release}.`);
    else if (!releases.some((one) => one.number === number)) releases.push(release);
  }
  const live = parseLiveMap(each.liveMap ?? '');
  const liveSlot = liveSlotOf(live) ?? releases.find(({ number }) => number === each.roles.current)?.slot ?? null;
  const serving = releases.find(({ slot }) => slot === liveSlot);
  if (serving === undefined)
    return no(
      liveSlot === null
        ? `Nobody can tell which release of ${service} has the traffic.`
        : `The release of ${service} in ${liveSlot}, which has the traffic, is not there as it was left: ${slotContainer(prefix, liveSlot)}.`,
    );
  const checks = decideChecks(read, notes);
  return {
    kind: 'taken',
    notes,
    service: {
      slug,
      prefix,
      record: {
        ...read,
        stack: project,
        service,
        entry: entry.name,
        entryImage,
        kind: 'http',
        checks,
        networks: networksOf(read, entry, serving.container),
      },
      live,
      entry,
      serving,
      releases,
      entryConfig: each.entryConfig,
      watch: decideWatch(found, each, live, read, notes),
    },
  };
}

const plainNumber = (number: string): string => number.replace(/^0+(?=.)/, '');

/** The slot that a container runs in as ours, or null. Its name and all of its labels say so. */
function slotOf(container: ContainerFact, project: string, service: string, prefix: string): Slot | null {
  const slot = container.labels[labels.slot];
  return isSlot(slot) &&
    container.name === slotContainer(prefix, slot) &&
    container.labels[composeLabel('project')] === prefix &&
    container.labels[labels.stack] === project &&
    container.labels[labels.service] === service
    ? slot
    : null;
}

/** A release as its container bears it out, or why it is not taken in. */
function decideRelease(
  each: FoundService,
  number: string,
  of: { project: string; service: string; prefix: string; docker: DockerFacts },
): TakenRelease | string {
  const texts = each.releases.get(number);
  const file = parseJson(releaseRecordSchema, texts?.record ?? '');
  if (texts === undefined || file === null || file.number !== Number(number))
    return 'what its folder says of it cannot be read';
  const name = slotContainer(of.prefix, file.slot);
  const container = of.docker.containers.find((one) => one.name === name);
  if (container === undefined) return `its container ${name} is gone`;
  if (
    slotOf(container, of.project, of.service, of.prefix) !== file.slot ||
    Number(container.labels[labels.release]) !== file.number
  )
    return `the container ${name} is not the one of that release`;
  if (!/^sha256:[0-9a-f]{64}$/.test(container.imageId)) return `the image of ${name} has no id`;
  const tag = `switchyard/${of.prefix}:r${number}`;
  const image = of.docker.images.find(({ id }) => id === container.imageId);
  const isThat = isReference(file.image) && image?.digests.includes(file.image) === true;
  return {
    number,
    slot: file.slot,
    container,
    file,
    image: isThat ? file.image : tag,
    tag,
    compose: texts.compose,
  };
}

const isReference = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/.test(text);

/** The networks that it joined as its record says, as far as its containers are in them; else those of its containers. */
function networksOf(record: ServiceRecord, entry: ContainerFact, serving: ContainerFact): string[] {
  const joined = new Set(serving.networks.map(({ name }) => name));
  const shared = entry.networks.map(({ name }) => name).filter((name) => joined.has(name));
  const said = record.networks.filter((name) => joined.has(name));
  return said.length > 0 ? [...new Set(said)] : shared;
}

/** The checks that run nothing; where none is left, that it answers at all. */
function decideChecks(record: ServiceRecord, notes: string[]): Check[] {
  const kept = record.checks.filter((check) => {
    if (check.kind === 'command') {
      notes.push(`A check of ${record.service} that runs a command in it was left out: “${check.command}”.`);
      return false;
    }
    if (check.kind !== 'http' || isCheckPath(check.path)) return true;
    notes.push(`A check of ${record.service} was left out: “${check.path}” is no path that can be asked for.`);
    return false;
  });
  const port = record.ports[0]?.port ?? 0;
  return kept.length > 0 ? kept : [{ kind: 'http', port, path: '/', low: 200, high: 499, contains: '' }];
}

const isPlainName = (name: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name);
const isCount = (text: string | undefined): text is string => text !== undefined && /^\d{1,6}$/.test(text);

function decideWatch(
  found: FoundStack,
  each: FoundService,
  live: LiveState | null,
  record: ServiceRecord,
  notes: string[],
): TakenService['watch'] {
  if (live?.endsWith('-watching') !== true) return null;
  const [, slot, job = ''] =
    /^\d{1,15} \d{1,10} [0-9A-Za-z-]+ (blue|green) (\S+) (?:watch|confirm)\n/.exec(each.watch ?? '') ?? [];
  if (slot !== liveSlotOf(live) || !isPlainName(job)) {
    notes.push(
      `The last flip of ${record.service} was to be watched, and its watch cannot be read: nobody watches it.`,
    );
    return null;
  }
  const seconds = parseAssignments(found.jobTexts.get(job) ?? '')?.get('WATCH_S');
  return { job, seconds: isCount(seconds) ? Number(seconds) : record.watchSeconds };
}

type JobDecision = { kind: 'taken'; job: TakenJob } | { kind: 'waits' | 'left'; why: string };

const verbsOfJobs = ['flip', 'rollback', 'deploy', 'retire', 'confirm'] as const;

function decideJob(found: FoundStack, { id, life }: FoundJob, project: string, services: TakenService[]): JobDecision {
  const left = (why: string): JobDecision => ({ kind: 'left', why });
  const told = parseAssignments(found.jobTexts.get(id) ?? '');
  const of = services.find(({ slug }) => slug === told?.get('SVC'));
  const isOurs =
    told !== null &&
    isPlainName(id) &&
    told.get('JOB') === id &&
    told.get('STACK') === project &&
    told.get('ROOT') === found.root &&
    told.get('PROJECT_DIR') === found.folder;
  if (life === 'unknown')
    return { kind: 'waits', why: `Whether the job ${id} still runs cannot be seen from here. It is looked at again.` };
  if (!isOurs)
    return left(`The job ${id} is not one that an earlier Switchyard writes; nothing of it is gone on with.`);
  const verb = told.get('VERB');
  const service = told.get('SERVICE') ?? '';
  if (verb === 'adopt' || verb === 'eject')
    return life === 'yes'
      ? { kind: 'waits', why: `An earlier Switchyard still runs its ${verb} of ${service}; that is waited for.` }
      : left(
          verb === 'adopt'
            ? `An adoption of ${service} stopped half way and is not gone on with. Adopt it again; if its entry point is in its place already, take the lines for ${service} out of the override first, and run docker compose up -d ${service}.`
            : `An eject of ${service} stopped half way and is not gone on with. Eject it again.`,
        );
  const known = verbsOfJobs.find((each) => each === verb);
  const variables = of === undefined || known === undefined ? null : variablesOf(known, told, of.record);
  if (of === undefined || of.record.service !== service || known === undefined || variables === null)
    return left(`The job ${id} cannot be gone on with: what it says of itself does not hold.`);
  return { kind: 'taken', job: { id, verb: known, slug: of.slug, by: told.get('BY') ?? '', variables } };
}

/** What the recovery of a verb goes by, beside who and where it is; null where that is none of what such a job says. */
function variablesOf(
  verb: TakenJob['verb'],
  told: ReadonlyMap<JobName, string>,
  record: ServiceRecord,
): Record<string, string> | null {
  const said = (name: JobName, allowed: (text: string) => boolean): Record<string, string> | null => {
    const value = told.get(name) ?? '';
    return allowed(value) ? { [name]: value } : null;
  };
  const among =
    (...words: string[]) =>
    (text: string) =>
      words.includes(text);
  const countOrNone = (text: string): boolean => text === '' || isCount(text);
  const parts =
    verb === 'flip' || verb === 'rollback'
      ? [
          said('GOES_TO', countOrNone),
          said('TARGET_ROLE', among('next', 'previous')),
          said('MOVE_STATE', among('watching', 'settled')),
          said('WATCH_S', isCount),
          said('CONFIRM_S', countOrNone),
          { DRAIN_S: String(record.drainSeconds) },
        ]
      : verb === 'retire'
        ? [said('TARGET_ROLE', among('next', 'previous'))]
        : [];
  return parts.some((part) => part === null) ? null : Object.assign({}, ...parts);
}

/**
 * The entry point's configuration that counts as ours: the found one where 0.1.0 wrote it for this very spec, which differs from
 * today's in how it says who the client is, else today's; what is there instead is then told as drift (SPEC HS4).
 */
export function baselineConfig(spec: EntrySpec, found: string | null): string {
  const ours = renderEntryConfig(spec);
  const withoutClient = renderEntryConfig({ ...spec, firstHop: false });
  const before = spec.ports.reduce(
    (text, { port, mode }) =>
      mode === 'http'
        ? text.replace(`  mode http\n  bind :${port}\n`, (lines) => `${lines}  option forwardfor if-none\n`)
        : text,
    withoutClient,
  );
  return found !== null && [before, withoutClient].includes(found) ? found : ours;
}

/**
 * Whether our lines in an override, without what they are indented by, are those that we would write, whatever the operator has
 * set on the service since: each `!reset null` of a key that ours may reset takes something away and gives nothing.
 */
export function isSameBlock(found: string, rendered: string): boolean {
  const bare = (block: string): string =>
    block
      .split('\n')
      .filter((line) => {
        const key = /^ {2}([a-z_]+): !reset null$/.exec(line)?.[1];
        return key === undefined || !isResetKey(key);
      })
      // A plain word says the same with quotes and without.
      .map((line) => line.replace(/: "([\w./:-]+)"$/, ': $1'))
      .join('\n');
  return bare(found) === bare(rendered);
}
