import { renderOverrideBlock } from '../../core/adoption.ts';
import { renderAssignments, renderScript } from '../../core/command.ts';
import type { ComposeConfig } from '../../core/compose-config.ts';
import type { DockerFacts } from '../../core/docker-facts.ts';
import { type EntrySpec, entryFolderInside } from '../../core/entry.ts';
import { failureOf } from '../../core/failure.ts';
import { lifeFunction } from '../../core/job-process.ts';
import { tokens } from '../../core/release.ts';
import { parseRelease, renderReleaseAnew } from '../../core/release-file.ts';
import { stackHome, stateFormat } from '../../core/server-layout.ts';
import { groundFunction } from '../../core/server-scripts.ts';
import type { ServerState } from '../../core/server-state.ts';
import { blockIn, linesOfBlock } from '../../core/stack-files.ts';
import {
  baselineConfig,
  decideTakeIn,
  isSameBlock,
  projectOf,
  type TakeIn,
  type TakenJob,
  type TakenRelease,
  type TakenService,
} from '../../core/take-in.ts';
import { type FoundStack, parseFoundStack, takeInReadScript } from '../../core/take-in-reading.ts';
import { type Kit, kitFile, runScript } from '../job-upload.ts';
import { recordVariables, renderRollback } from '../job-variables.ts';
import type { Archive, JobFile } from '../ports/archive.ts';
import type { ComposeText } from '../ports/compose-text.ts';
import type { Shell } from '../ports/shell.ts';
import { readContainerRights } from '../releases.ts';
import { configFiles, isOverride, readStack, type StackReading } from '../stack-reading.ts';

export type TakeInParts = {
  archive: Archive;
  composeText: ComposeText;
  kit: Kit;
  /** What was read of a stack, so that its values are hidden from then on. */
  learn(config: ComposeConfig): void;
};

/** Whether a container of ours, of before, may stand for a folder: without one there is nothing to be taken in. */
const hasEntryPoint = (docker: DockerFacts, folder: string): boolean =>
  docker.containers.some(({ mounts }) =>
    mounts.some(({ target, source }) => target === entryFolderInside && source.startsWith(`${folder}/.switchyard/`)),
  );

/** How a look at a found folder ended. `soon`: what it waits for may be over within seconds. Null where there is nothing of ours. */
export type TakeInAnswer = (Omit<TakeIn, 'atMs'> & { soon: boolean }) | null;

/**
 * Takes in a stack that an earlier version adopted in `folder` (SPEC HS6 to HS9): what is found is read as data, ours is rendered anew, and
 * all of it gets its name in the home state at once. Rejects with nothing.
 */
export async function takeIn(
  shell: Shell,
  docker: DockerFacts,
  homeState: string,
  folder: string,
  parts: TakeInParts,
  known: readonly ServerState[],
): Promise<TakeInAnswer> {
  const project = hasEntryPoint(docker, folder) ? projectOf(docker, folder) : null;
  if (project === null) return null;
  const answer = (word: TakeIn['word'], why: readonly string[], soon = false) => ({ folder, project, word, why, soon });
  const other = known.find((each) => each.project === project);
  if (other !== undefined) return answer('left', [`The home state knows ${project} in ${other.folder}.`]);
  try {
    const read = await shell.run(renderScript(takeInReadScript, [folder]), { timeoutMs: 30_000 });
    const found = parseFoundStack(read.stdout, folder);
    if (found === null) return answer('waits', ['Its files could not be read to their end.'], true);
    const decided = decideTakeIn(found, project, docker);
    if (decided.word !== 'taken-in') return answer(decided.word, decided.why, found.jobs.length > 0);
    const files = configFiles(decided.services[0]?.entry.labels ?? {}).filter(
      (file) => !isOverride(file) && file.startsWith(`${folder}/`) && !file.slice(folder.length + 1).includes('/'),
    );
    const reading = await readStack(shell, { name: project, folder, files }, '', false);
    if (!reading.ok) {
      const { message, detail } = reading.failure;
      return answer('waits', [detail == null ? message : `${message} ${detail}`]);
    }
    parts.learn(reading.value.config);
    const home = stackHome(homeState, project, folder);
    const rendered = await renderStack(shell, docker, parts, {
      found,
      project,
      home,
      reading: reading.value,
      services: decided.services,
      jobs: decided.jobs,
    });
    const script = `${lifeFunction}${groundFunction}${kitFile(parts.kit, 'take-in.sh')}`;
    const outcome = await shell.run(renderScript(script, [home, folder]), {
      stdin: await parts.archive.pack(rendered.files),
      timeoutMs: 60_000,
    });
    if (/^switchyard-(?:taken-in|known)$/m.test(outcome.stdout))
      return answer('taken-in', [...decided.why, ...rendered.notes]);
    const word = /^switchyard-refused (\S+)$/m.exec(outcome.stdout)?.[1] ?? '';
    return answer(
      'waits',
      [refusals[word] ?? 'The server could not take it. It is tried again with the next link.'],
      word === 'busy',
    );
  } catch (caught) {
    return answer('waits', [failureOf(caught).message], true);
  }
}

const refusals: Partial<Record<string, string>> = {
  busy: 'A job of an earlier Switchyard, or rollback.sh by hand, is at work there. That is waited for.',
  'home-read-only': 'Your home folder on the server cannot be written.',
  'home-unsafe': 'The home state of Switchyard on the server is not yours alone.',
  'ground-unsafe': 'The stack’s .switchyard folder is not yours alone.',
  'image-gone': 'An image that its containers were made of is gone from the server. Pull it again.',
};

type Rendering = {
  found: FoundStack;
  project: string;
  home: string;
  reading: StackReading;
  services: TakenService[];
  jobs: TakenJob[];
};

/** All that the home state gets to know of a stack, by path below its folder there. */
async function renderStack(
  shell: Shell,
  docker: DockerFacts,
  parts: TakeInParts,
  of: Rendering,
): Promise<{ files: JobFile[]; notes: string[] }> {
  const { found, reading, services } = of;
  const notes: string[] = [];
  const files: JobFile[] = [
    { path: 'folder', text: `${found.folder}\n` },
    { path: 'real', text: `${found.folder}\n` },
    { path: 'project', text: `${of.project}\n` },
    { path: 'format', text: `${stateFormat}\n` },
    {
      path: 'tags',
      text: services
        .flatMap(({ releases }) => releases.map(({ container, tag }) => `${container.imageId} ${tag}\n`))
        .join(''),
    },
  ];
  let overrideIsOurs = found.override !== null;
  for (const service of services) {
    const { slug, record } = service;
    const known = reading.config.services[record.service];
    const written = { ...record, dependsOn: Object.keys(known?.depends_on ?? {}) };
    files.push({ path: `${slug}/service.json`, text: `${JSON.stringify(written, null, 2)}\n` });
    files.push({
      path: `${slug}/haproxy.cfg`,
      text: baselineConfig(specOf(service, reading.config), service.entryConfig),
    });
    const block = renderBlock(docker, parts.composeText, of, record.service);
    if (block !== null) files.push({ path: `${slug}/override.block`, text: block.text });
    overrideIsOurs &&= block?.isFound === true;
    for (const release of service.releases)
      files.push(...(await renderRelease(shell, parts, of, service, release, notes)));
    files.push(...renderWatch(parts.kit, of, service));
  }
  files.push({ path: 'override', text: `${found.override?.path ?? reading.overridePath}\n` });
  // Of one in which our lines are not ours no sum is right, so that it is told until it is mended.
  files.push({
    path: 'override.sha256',
    text: `${overrideIsOurs ? (found.override?.sha256 ?? '') : '0'.repeat(64)}\n`,
  });
  for (const job of of.jobs) files.push(...renderJob(parts.kit, of, job));
  return { files, notes };
}

function specOf({ record, prefix }: TakenService, config: ComposeConfig): EntrySpec {
  const [main = { port: 1, mode: 'http' as const }, ...others] = record.ports;
  const http = record.checks.find((check) => check.kind === 'http');
  return {
    prefix,
    ports: [main, ...others],
    check: http === undefined ? null : { path: http.path, low: http.low, high: http.high },
    firstHop: (config.services[record.service]?.ports ?? []).some((each) => each.published !== undefined),
  };
}

/** Our lines of the override: as found where they are ours, else as they are written today. */
function renderBlock(
  docker: DockerFacts,
  composeText: ComposeText,
  { found, reading }: Rendering,
  name: string,
): { text: string; isFound: boolean } | null {
  const resolved = reading.config.services[name];
  if (resolved === undefined) return null;
  const major = Number.parseInt(docker.engine.version, 10) || 0;
  const render = (dockerMajor: number) =>
    composeText.addBlock(
      null,
      name,
      renderOverrideBlock(
        { config: reading.config, service: name, projectFolder: found.folder, user: reading.user, dockerMajor },
        resolved,
      ),
    );
  const there = found.override === null ? null : blockIn(found.override.text, name);
  // Docker may have been updated since the adoption.
  for (const each of [major, 24, 25]) {
    const added = render(each);
    const ours = added.ok ? blockIn(added.value, name) : null;
    const text = found.override === null ? null : linesOfBlock(found.override.text, name);
    if (ours !== null && there !== null && text !== null && isSameBlock(there, ours)) return { text, isFound: true };
  }
  const added = render(major);
  const text = added.ok ? linesOfBlock(added.value, name) : null;
  return text === null ? null : { text, isFound: false };
}

async function renderRelease(
  shell: Shell,
  parts: TakeInParts,
  { found, reading, project }: Rendering,
  { slug, prefix, record, serving }: TakenService,
  release: TakenRelease,
  notes: string[],
): Promise<JobFile[]> {
  const place = `${slug}/releases/${release.number}`;
  const rollback = renderRollback(parts.kit, {
    root: found.root,
    serviceDir: `${found.root}/${slug}`,
    service: record.service,
    prefix,
    entry: record.entry,
    port: record.ports[0]?.port ?? 0,
    checks: record.checks,
    release: release.number,
    slot: release.slot,
  });
  const files = [
    { path: `${place}/rollback.sh`, text: rollback },
    { path: `${place}/image-id`, text: `${release.container.imageId}\n` },
  ];
  const document = parts.composeText.parse(release.compose);
  const parsed = document.ok ? parseRelease(document.value) : document;
  if (!parsed.ok) {
    notes.push(
      `What release ${release.file.number} of ${record.service} was started from cannot be read: it runs on, and cannot be made anew when its container is removed.`,
    );
    return files;
  }
  // One that does not run bears no privilege out (SPEC TR5).
  const running = [release.container, serving.container].find(({ state }) => state === 'running');
  const container = running === undefined ? null : await readContainerRights(shell, running.id);
  const { text, dropped } = renderReleaseAnew(
    parsed.value,
    { config: { ...reading.config, name: project }, service: record.service, container },
    prefix,
    found.folder,
  );
  for (const { field, why } of dropped)
    notes.push(`Left out of release ${release.file.number} of ${record.service}: “${field}”: ${why}.`);
  const filled = text
    .replaceAll(tokens.image, release.image)
    .replaceAll(tokens.release, release.number)
    .replaceAll(tokens.slot, release.slot)
    .replaceAll(tokens.container, release.container.name);
  return [...files, { path: `${place}/compose.yaml`, text: filled }];
}

/** A process that is gone, as jobs write theirs: of no boot that ever was. */
const goneProcess = '1 1 taken-in -\n';

const jobVariables = (
  { found, home }: Rendering,
  { record }: TakenService,
  id: string,
  verb: string,
  by: string,
  more: Record<string, string>,
): string =>
  renderAssignments({
    ...recordVariables(record, found.folder, by),
    ...more,
    ROOT: found.root,
    HOME_STATE: home,
    JOB: id,
    VERB: verb,
  });

/** The watch that was on, for the next look to take up: its flip has ended, so that it is only watched. */
function renderWatch(kit: Kit, of: Rendering, service: TakenService): JobFile[] {
  const { watch, record } = service;
  if (watch === null) return [];
  const place = `jobs/${watch.job}`;
  const script = { path: `${place}/watch.sh`, text: kitFile(kit, 'watch.sh') };
  if (of.jobs.some(({ id }) => id === watch.job)) return [script];
  const flip = {
    GOES_TO: '',
    TARGET_ROLE: 'next',
    MOVE_STATE: 'watching',
    WATCH_S: String(watch.seconds),
    CONFIRM_S: '',
    DRAIN_S: String(record.drainSeconds),
  };
  return [
    script,
    { path: `${place}/job.sh`, text: jobVariables(of, service, watch.job, 'flip', 'an earlier Switchyard', flip) },
    { path: `${place}/kit.sh`, text: kitFile(kit, 'kit.sh') },
    { path: `${place}/exit`, text: 'completed\n' },
    // It was there before, and is taken up again.
    { path: `${place}/watch-pid`, text: goneProcess },
  ];
}

/** A job that was under way: our scripts, and a process that is gone, so that the next look has it finished or undone. */
function renderJob(kit: Kit, of: Rendering, job: TakenJob): JobFile[] {
  const service = of.services.find(({ slug }) => slug === job.slug);
  if (service === undefined) return [];
  const { id, verb, variables } = job;
  const place = `jobs/${id}`;
  const isMove = verb === 'flip' || verb === 'rollback';
  const deploy = { COMPOSE_HASH: '', COMPOSE_FILES: '', IMAGE: '', BUILD: '', REPLACE: '', EDITED_FILE: '' };
  const more = { ...(verb === 'deploy' ? deploy : {}), ...variables };
  const hasWatch = service.watch?.job === id;
  return [
    { path: `${place}/job.sh`, text: jobVariables(of, service, id, verb, job.by.slice(0, 200), more) },
    { path: `${place}/kit.sh`, text: kitFile(kit, 'kit.sh') },
    { path: `${place}/run.sh`, text: runScript(kit, isMove ? 'flip' : verb) },
    { path: `${place}/pid`, text: goneProcess },
    ...(isMove && variables.MOVE_STATE === 'watching' && !hasWatch
      ? [{ path: `${place}/watch.sh`, text: kitFile(kit, 'watch.sh') }]
      : []),
    // Whether it wrote compose.yaml is not known, so that one that had not said it is ready is taken back.
    ...(verb === 'deploy' ? [{ path: `${place}/compose.edited`, text: '' }] : []),
  ];
}
