import { renderScript } from '../core/command.ts';
import { type ComposeService, composeServiceSchema } from '../core/compose-config.ts';
import { failure } from '../core/failure.ts';
import { foldHistory, type JournalRecord, parseJournalRecord } from '../core/history.ts';
import type { DiffLine, ReleaseRecord, ValuesTold } from '../core/plan.ts';
import { diffServices } from '../core/release.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { releaseFolder, serviceSlug } from '../core/server-layout.ts';
import { frameFiles, setAsideNamedScript } from '../core/server-scripts.ts';
import { parseReleaseState, type ReleaseOnServer, type ServiceState } from '../core/server-state.ts';
import { parseJson, type ReleaseFile, releaseRecordSchema } from '../core/service-record.ts';
import type { Shell } from './ports/shell.ts';
import { readWhole } from './whole-answer.ts';

// Arguments: state folder, service's folder name, service. The journal is looked through by its file names first.
const historyScript = `
cd "$1" 2>/dev/null || exit 0
set -- "$2" "$3"
find "$1/releases" -mindepth 2 -maxdepth 2 \\( -name release.json -o -name state \\) ! -path '*/.*' -exec awk '${frameFiles}' {} + 2>/dev/null
find journal -maxdepth 1 \\( -name '*-move-done.json' -o -name '*-ready-done.json' -o -name '*-watch-done.json' -o -name '*-stop-done.json' -o -name '*-confirm-done.json' -o -name '*-fail.json' \\) -exec grep -HF "\\"service\\":\\"$2\\"" {} + 2>/dev/null | awk '{print "\\003" $0}'
`;

export async function readReleases(shell: Shell, root: string, state: ServiceState): Promise<Result<ReleaseRecord[]>> {
  const { service } = state.record;
  const answer = await readWhole(shell, historyScript, [root, serviceSlug(service), service], {
    timeoutMs: 30_000,
    what: `the history of ${service}`,
  });
  if (!answer.ok) return answer;
  const texts = new Map<string, string>();
  const journal: JournalRecord[] = [];
  const unreadable: string[] = [];
  let path = '';
  for (const line of answer.value.stdout.split('\n')) {
    if (line.startsWith('\u0001file ')) path = line.slice(6);
    else if (line.startsWith('\u0002')) texts.set(path, `${texts.get(path) ?? ''}${line.slice(1)}\n`);
    else if (line.startsWith('\u0003')) {
      const [, file = '', text = ''] = /^journal\/([\w.-]+\.json):(.*)$/.exec(line.slice(1)) ?? [];
      const record = parseJournalRecord(text);
      if (record !== null) journal.push(record);
      // One of a later version, of another kind, is whole: it is passed over and stays.
      else if (file !== '' && !isJsonObject(text)) unreadable.push(file);
    }
  }
  if (unreadable.length > 0)
    await shell.run(renderScript(setAsideNamedScript, [root, ...unreadable]), { timeoutMs: 30_000 });
  const releases: ReleaseOnServer[] = [];
  for (const [name, text] of texts) {
    if (!name.endsWith('/release.json')) continue;
    const file = parseJson(releaseRecordSchema, text);
    if (file !== null)
      releases.push({ file, state: parseReleaseState(texts.get(name.replace(/release\.json$/, 'state')) ?? '') });
  }
  return ok(foldHistory(releases, journal, state));
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

export type WrittenRelease = { file: ReleaseFile; service: ComposeService; composeText: string };

// Arguments: state folder, stack's home state, service's folder name, release folder. What is run of a release is in the home
// state; what lies in the state folder says no more than which release it is.
const releaseScript = `
[ -f "$1/$3/releases/$4/release.json" ] || exit 0
printf '\\001json\\n'; cat "$1/$3/releases/$4/release.json"
printf '\\001compose\\n'; cat "$2/$3/releases/$4/compose.yaml"; echo .
printf '\\001resolved\\n'; docker compose -f "$2/$3/releases/$4/compose.yaml" config --format json 2>/dev/null
`;

/** A stack's state folder, and its part of the home state. */
export type ReleasePlace = { root: string; home: string };

/** One release as it was written, or null when there is none of that number. */
export async function readReleaseFiles(
  shell: Shell,
  { root, home }: ReleasePlace,
  service: string,
  number: number,
): Promise<Result<WrittenRelease | null>> {
  const outcome = await shell.run(
    renderScript(releaseScript, [root, home, serviceSlug(service), releaseFolder(number)]),
    {
      timeoutMs: 30_000,
    },
  );
  const section = (name: string): string => outcome.stdout.split(`\u0001${name}\n`)[1]?.split('\u0001')[0] ?? '';
  const file = parseJson(releaseRecordSchema, section('json'));
  if (file === null) return ok(null);
  try {
    const services: unknown =
      (JSON.parse(section('resolved')) as { services?: Record<string, unknown> }).services ?? {};
    const parsed = composeServiceSchema.safeParse(Object.values(services as Record<string, unknown>)[0] ?? {});
    return ok({
      file,
      service: parsed.success ? parsed.data : {},
      composeText: section('compose').replace(/\.\n$/, ''),
    });
  } catch {
    return ok({ file, service: {}, composeText: section('compose').replace(/\.\n$/, '') });
  }
}

export async function compareReleases(
  shell: Shell,
  place: ReleasePlace,
  service: string,
  before: number,
  after: number,
  told: ValuesTold = 'hidden',
): Promise<Result<DiffLine[]>> {
  const [left, right] = await Promise.all([
    readReleaseFiles(shell, place, service, before),
    readReleaseFiles(shell, place, service, after),
  ]);
  if (!left.ok) return left;
  if (!right.ok) return right;
  if (left.value === null || right.value === null) {
    return failed(failure('release-unknown', `${service} has no release ${left.value === null ? before : after}.`));
  }
  const lines = diffServices(
    { ...left.value.service, image: left.value.file.reference },
    { ...right.value.service, image: right.value.file.reference },
    told,
  ).filter((line) => line.field !== 'other');
  const digests: DiffLine[] =
    left.value.file.image === right.value.file.image
      ? []
      : [
          {
            field: 'digest',
            key: 'digest',
            before: bareDigest(left.value.file.image),
            after: bareDigest(right.value.file.image),
          },
        ];
  return ok([...lines, ...digests]);
}

/** `repository@sha256:…` to `sha256:…`. */
const bareDigest = (image: string): string => image.slice(image.indexOf('@') + 1);
