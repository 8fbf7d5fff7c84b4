import { renderOverrideBlock } from '../core/adoption.ts';
import { renderScript } from '../core/command.ts';
import { renderEntryConfig } from '../core/entry.ts';
import { failure } from '../core/failure.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { releaseFolder, serviceSlug, slotPrefix, stateFolder } from '../core/server-layout.ts';
import { frameFiles } from '../core/server-scripts.ts';
import type { ReleaseOnServer, ServiceState } from '../core/server-state.ts';
import { blockIn, parseStackFiles, replaceBlock, stackFilesScript } from '../core/stack-files.ts';
import type { JobPlan } from './job-upload.ts';
import { recordVariables } from './job-variables.ts';
import type { JobFile } from './ports/archive.ts';
import { readAdoptedStack, type StackReading } from './stack-reading.ts';
import { jobPlace, notAdopted, type VerbFacts } from './verbs.ts';
import { readWhole } from './whole-answer.ts';

// Arguments: the service's folder of the home state, its folder of the stack's. Of the latter a file is read, and no link.
const keptScript = `find "$1/haproxy.cfg" "$1/override.block" "$2/entry/haproxy.cfg" -maxdepth 0 -type f -size -2049 -exec awk '${frameFiles}' {} + 2>/dev/null; true`;

/** What adoption wrote, as the home state keeps it, and the entry point's configuration as it is found; null where there is none. */
type Kept = { config: string | null; block: string | null; found: string | null };

async function readKept({ shell, home, folder }: VerbFacts, service: string): Promise<Result<Kept>> {
  const ours = `${home}/${serviceSlug(service)}`;
  const theirs = `${stateFolder(folder)}/${serviceSlug(service)}`;
  const answer = await readWhole(shell, keptScript, [ours, theirs], {
    timeoutMs: 20_000,
    what: `what ${service} needs`,
  });
  if (!answer.ok) return answer;
  const texts = new Map<string, string>();
  let path = '';
  for (const line of answer.value.stdout.split('\n')) {
    if (line.startsWith('\u0001file ')) path = line.slice(6);
    else if (line.startsWith('\u0002')) texts.set(path, `${texts.get(path) ?? ''}${line.slice(1)}\n`);
  }
  return ok({
    config: texts.get(`${ours}/haproxy.cfg`) ?? null,
    block: blockIn(texts.get(`${ours}/override.block`) ?? '', service),
    found: texts.get(`${theirs}/entry/haproxy.cfg`) ?? null,
  });
}

/**
 * Makes what runs of a service what its files say: our lines of the override, its networks, the release that has the traffic, its
 * entry point. What no click mends is refused, with what does.
 */
export async function planMendJob(facts: VerbFacts): Promise<Result<JobPlan>> {
  const { state, service } = facts;
  const [worst] = service.troubles;
  if (worst !== undefined && service.troubles.every(({ mend, orElse }) => !isMended(mend) && !isMended(orElse)))
    return failed(
      failure('not-mendable', `${worst.title}. ${worst.byHand ?? 'The other release can take the traffic.'}`, {
        running: worst.text,
        detail: worst.quote,
      }),
    );
  if (state === null) return notAdopted(facts);
  const { record } = state;
  const outcome = await facts.shell.run(renderScript(stackFilesScript, [facts.folder]), { timeoutMs: 20_000 });
  const files = parseStackFiles(outcome.stdout).get(facts.folder) ?? null;
  if (files === null)
    return failed(
      failure(
        'compose-unreadable',
        `The folder of ${facts.stack.name}, ${facts.folder}, cannot be entered by this user.`,
      ),
    );
  const kept = await readKept(facts, record.service);
  if (!kept.ok) return kept;
  const written = kept.value;
  const block = files.override === null ? null : blockIn(files.override.text, record.service);
  const overrideIsOurs = block !== null && (written.block === null || blockIn(written.block, record.service) === block);
  const configIsOurs = written.config !== null && written.found === written.config;
  let reading: StackReading | null = null;
  if (!overrideIsOurs || (!configIsOurs && written.config === null)) {
    const read = await readAdoptedStack(facts);
    if (!read.ok) return read;
    reading = read.value;
  }
  const override = overrideIsOurs || reading === null ? ok(null) : overrideWith(facts, reading, written.block);
  if (!override.ok) return override;
  const config = configIsOurs ? null : (written.config ?? entryConfigOf(facts, state, reading));
  const plain = service.troubles.some(({ cause }) => cause === 'bypassed');
  const http = record.checks.find((check) => check.kind === 'http');
  const port = record.ports[0]?.port ?? 0;
  return ok({
    verb: 'mend',
    script: 'mend',
    ...jobPlace(facts),
    variables: {
      ...recordVariables(record, facts.folder, facts.by),
      COMPOSE_HASH: reading?.hash ?? '',
      COMPOSE_FILES: reading?.hashedFiles.join('\n') ?? '',
      OVERRIDE: reading?.overridePath ?? '',
      NETWORKS: (record.networks.length > 0 ? record.networks : [`${record.stack}_default`]).join('\n'),
      DEPENDS: record.dependsOn.join('\n'),
      // What this client had read of a service whose files are gone.
      LIVE_KNOWN: state.live ?? '',
      NEXT_KNOWN: state.next === null ? '' : releaseFolder(state.next.file.number),
      KNOWN: releasesOf(state)
        .map(({ file }) => releaseFolder(file.number))
        .join('\n'),
      // The one container that compose may replace: the service's own, of plain compose.
      PLAIN: plain ? (service.containers[0]?.id ?? '') : '',
      ENTRY_CHECK:
        http === undefined
          ? `tcp\t127.0.0.1\t${port}`
          : ['http', '127.0.0.1', port, http.path, http.low, http.high, ''].join('\t'),
    },
    files: [
      ...payload('override.yaml', override.value),
      ...payload('haproxy.cfg', config),
      ...(state.filesGone ? releasesOf(state) : []).map(({ file }) => ({
        path: `release.${releaseFolder(file.number)}.json`,
        text: `${JSON.stringify(file, null, 2)}\n`,
      })),
    ],
  });
}

const releasesOf = ({ current, next, previous }: ServiceState): ReleaseOnServer[] =>
  [current, next, previous].filter((each) => each !== null);

const isMended = (mend: { kind: string } | null): boolean => mend?.kind === 'put-back' || mend?.kind === 'start';

const payload = (path: string, text: string | null): JobFile[] => (text === null ? [] : [{ path, text }]);

/** The override with our lines as they were written, or, where no copy was kept, as they are written today. */
function overrideWith(facts: VerbFacts, reading: StackReading, written: string | null): Result<string> {
  const name = facts.service.name;
  const resolved = reading.config.services[name];
  if (written === null && resolved === undefined)
    return failed(failure('service-unknown', `${reading.composePath} has no service ${name} any more.`));
  const lines =
    written === null
      ? renderOverrideBlock(
          {
            config: reading.config,
            service: name,
            projectFolder: facts.folder,
            user: reading.user,
            dockerMajor: Number.parseInt(facts.docker.engine.version, 10) || 0,
          },
          resolved ?? {},
        )
      : within(written);
  const added = facts.composeText.addBlock(null, name, lines);
  const marked = added.ok ? blockIn(added.value, name) : null;
  if (reading.overrideText !== null && marked !== null && blockIn(reading.overrideText, name) !== null)
    return replaceBlock(reading.overrideText, name, marked);
  return facts.composeText.addBlock(reading.overrideText, name, lines);
}

/** A block without its marks, indented as one is below `services:`. */
const within = (marked: string): string =>
  `${marked
    .replace(/\n$/, '')
    .split('\n')
    .slice(1, -1)
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n')}\n`;

function entryConfigOf(facts: VerbFacts, { record }: ServiceState, reading: StackReading | null): string | null {
  const [main, ...others] = record.ports;
  if (main === undefined) return null;
  const http = record.checks.find((check) => check.kind === 'http');
  const published = reading?.config.services[record.service]?.ports ?? [];
  return renderEntryConfig({
    prefix: slotPrefix(facts.stack.name, record.service),
    ports: [main, ...others],
    check: http === undefined ? null : { path: http.path, low: http.low, high: http.high },
    firstHop: published.some((each) => each.published !== undefined),
  });
}
