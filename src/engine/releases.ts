import { renderScript } from '../core/command.ts';
import { type ComposeService, composeServiceSchema } from '../core/compose-config.ts';
import { type ContainerRights, parseContainerRights } from '../core/container-rights.ts';
import { failure } from '../core/failure.ts';
import { foldHistory, type JournalRecord, parseJournalRecord } from '../core/history.ts';
import type { DiffLine, ReleaseRecord } from '../core/plan.ts';
import { diffServices } from '../core/release.ts';
import { type FoundRelease, parseRelease } from '../core/release-file.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { releaseFolder, serviceSlug } from '../core/server-layout.ts';
import { frameFiles, setAsideNamedScript } from '../core/server-scripts.ts';
import { parseReleaseState, type ReleaseOnServer, type ServiceState } from '../core/server-state.ts';
import { parseJson, type ReleaseFile, releaseRecordSchema } from '../core/service-record.ts';
import type { ComposeText } from './ports/compose-text.ts';
import type { Shell } from './ports/shell.ts';

// Arguments: state folder, service's folder name, service. The journal is looked through by its file names first.
const historyScript = `
cd "$1" 2>/dev/null || exit 0
set -- "$2" "$3"
find "$1/releases" -mindepth 2 -maxdepth 2 \\( -name release.json -o -name state \\) ! -path '*/.*' -exec awk '${frameFiles}' {} + 2>/dev/null
find journal -maxdepth 1 \\( -name '*-move-done.json' -o -name '*-ready-done.json' -o -name '*-watch-done.json' -o -name '*-stop-done.json' -o -name '*-confirm-done.json' -o -name '*-fail.json' \\) -exec grep -HF "\\"service\\":\\"$2\\"" {} + 2>/dev/null | awk '{print "\\003" $0}'
`;

export async function readReleases(shell: Shell, root: string, state: ServiceState): Promise<Result<ReleaseRecord[]>> {
  const outcome = await shell.run(
    renderScript(historyScript, [root, serviceSlug(state.record.service), state.record.service]),
    { timeoutMs: 30_000 },
  );
  const texts = new Map<string, string>();
  const journal: JournalRecord[] = [];
  const unreadable: string[] = [];
  let path = '';
  for (const line of outcome.stdout.split('\n')) {
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

/** A release as its files say: its record, what is found in its compose.yaml, and its service to be shown and compared. */
export type WrittenRelease = { file: ReleaseFile; found: FoundRelease; service: ComposeService };

// Arguments: state folder, service's folder name, release folder. Read as text, line by line behind a sign of its own, so that
// no line of it can pose as the frame; never given to compose, which would follow what it includes. No link is followed.
const releaseScript = `
cd "$1" 2>/dev/null || { printf '\\001end\\n'; exit 0; }
for folder in "$2" releases "$3"; do
  [ -d "$folder" ] && ! [ -L "$folder" ] && cd "./$folder" || { printf '\\001end\\n'; exit 0; }
done
for file in release.json compose.yaml; do
  [ -f "$file" ] && ! [ -L "$file" ] || continue
  printf '\\001file %s\\n' "$file"
  head -c 600000 "./$file" | tr -d '\\000' | awk '{ print "\\002" $0 }'
done
printf '\\001end\\n'
`;

/** One release as it was written, or null when there is none of that number. Nothing in it is run or looked up (SPEC TR6). */
export async function readReleaseFiles(
  shell: Shell,
  composeText: ComposeText,
  root: string,
  service: string,
  number: number,
): Promise<Result<WrittenRelease | null>> {
  const outcome = await shell.run(renderScript(releaseScript, [root, serviceSlug(service), releaseFolder(number)]), {
    timeoutMs: 30_000,
  });
  const texts = new Map<string, string>();
  let name = '';
  let isWhole = false;
  for (const line of outcome.stdout.split('\n')) {
    if (line.startsWith('\u0001file ')) name = line.slice(6);
    else if (line === '\u0001end') isWhole = true;
    else if (line.startsWith('\u0002')) texts.set(name, `${texts.get(name) ?? ''}${line.slice(1)}\n`);
  }
  if (!isWhole)
    return failed(
      failure('no-answer', `The files of release ${number} of ${service} could not be read to their end.`, {
        running: 'Nothing was changed.',
        transient: true,
      }),
    );
  const file = parseJson(releaseRecordSchema, texts.get('release.json') ?? '');
  if (file === null) return ok(null);
  const document = composeText.parse(texts.get('compose.yaml') ?? '');
  const found = document.ok ? parseRelease(document.value) : document;
  if (!found.ok)
    return failed({
      ...found.failure,
      code: 'release-unknown',
      message: `The compose.yaml of release ${number} of ${service} is not one that Switchyard writes.`,
    });
  const parsed = composeServiceSchema.safeParse(found.value.service);
  return ok({ file, found: found.value, service: parsed.success ? parsed.data : {} });
}

/** What the container may do that has the traffic now; null where there is none. */
export async function readContainerRights(shell: Shell, container: string): Promise<ContainerRights | null> {
  const outcome = await shell.run(renderScript('docker inspect --type container -- "$1" 2>/dev/null', [container]), {
    timeoutMs: 30_000,
  });
  return parseContainerRights(outcome.stdout);
}

export async function compareReleases(
  shell: Shell,
  composeText: ComposeText,
  root: string,
  service: string,
  before: number,
  after: number,
): Promise<Result<DiffLine[]>> {
  const [left, right] = await Promise.all([
    readReleaseFiles(shell, composeText, root, service, before),
    readReleaseFiles(shell, composeText, root, service, after),
  ]);
  if (!left.ok) return left;
  if (!right.ok) return right;
  if (left.value === null || right.value === null) {
    return failed(failure('release-unknown', `${service} has no release ${left.value === null ? before : after}.`));
  }
  return ok(diffWritten(left.value, right.value));
}

/** What differs between two releases, of which one may not be written yet. */
export function diffWritten(
  left: Pick<WrittenRelease, 'file' | 'service'>,
  right: Pick<WrittenRelease, 'file' | 'service'>,
): DiffLine[] {
  const lines = diffServices(
    { ...left.service, image: left.file.reference },
    { ...right.service, image: right.file.reference },
  ).filter((line) => line.field !== 'other');
  if (left.file.image === right.file.image) return lines;
  const before = bareDigest(left.file.image);
  return [...lines, { field: 'digest', key: 'digest', before, after: bareDigest(right.file.image) }];
}

/** `repository@sha256:…` to `sha256:…`. */
const bareDigest = (image: string): string => image.slice(image.indexOf('@') + 1);
