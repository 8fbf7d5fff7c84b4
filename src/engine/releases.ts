import { renderScript } from '../core/command.ts';
import { type ComposeService, composeServiceSchema } from '../core/compose-config.ts';
import { type ContainerRights, parseContainerRights } from '../core/container-rights.ts';
import { failure } from '../core/failure.ts';
import { foldHistory, type JournalRecord, parseJournalRecord } from '../core/history.ts';
import type { DiffLine, ReleaseRecord, ValuesTold } from '../core/plan.ts';
import { diffServices } from '../core/release.ts';
import { type FoundRelease, parseRelease } from '../core/release-file.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { releaseFolder, serviceSlug } from '../core/server-layout.ts';
import { frameFiles, setAsideNamedScript } from '../core/server-scripts.ts';
import { parseReleaseState, type ReleaseOnServer, type ServiceState } from '../core/server-state.ts';
import { parseJson, type ReleaseFile, releaseRecordSchema } from '../core/service-record.ts';
import type { ComposeText } from './ports/compose-text.ts';
import type { Shell } from './ports/shell.ts';
import { readWhole } from './whole-answer.ts';

// Arguments: state folder, service's folder name, service. The journal is looked through by its file names first.
const historyScript = `
cd "$1" 2>/dev/null || exit 0
set -- "$2" "$3"
find "$1/releases" -mindepth 2 -maxdepth 2 -type f -size -2049 \\( -name release.json -o -name state -o -name pruned \\) ! -path '*/.*' -exec awk '${frameFiles}' {} + 2>/dev/null
find journal -maxdepth 1 -type f -size -257 \\( -name '*-move-done.json' -o -name '*-ready-done.json' -o -name '*-watch-done.json' -o -name '*-stop-done.json' -o -name '*-confirm-done.json' -o -name '*-fail.json' \\) -exec grep -HF "\\"service\\":\\"$2\\"" {} + 2>/dev/null | awk '{print "\\003" $0}'
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
  return ok(foldHistory(releases, journal, state, removedIn(texts)));
}

/** When what releases need was removed, by what their folders say. */
const removedIn = (texts: ReadonlyMap<string, string>): ReadonlyMap<number, number | null> =>
  new Map(
    [...texts].flatMap(([name, text]): [number, number | null][] => {
      const number = /\/releases\/(\d{1,9})\/pruned$/.exec(name)?.[1];
      return number === undefined ? [] : [[Number(number), /^\d{1,15}$/.test(text.trim()) ? Number(text) : null]];
    }),
  );

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

/** A stack's state folder, and its part of the home state. */
export type ReleasePlace = { root: string; home: string };

// Arguments: state folder, stack's home state, service's folder name, release folder. What is run of a release is in the home
// state; what lies in the state folder says no more than which release it is. Read as text, line by line behind a sign of its
// own, so that no line of it can pose as the frame; never given to compose, which would follow what it includes. No link is followed.
const releaseScript = `
print() {
  [ -f "$2" ] && ! [ -L "$2" ] || return 0
  printf '\\001file %s\\n' "$1"
  head -c 600000 "$2" | tr -d '\\000' | awk '{ print "\\002" $0 }'
}
for folder in "$1" "$1/$3" "$1/$3/releases" "$1/$3/releases/$4"; do
  [ -d "$folder" ] && ! [ -L "$folder" ] || { printf '\\001end\\n'; exit 0; }
done
print release.json "$1/$3/releases/$4/release.json"
print compose.yaml "$2/$3/releases/$4/compose.yaml"
[ -f "$2/$3/releases/$4/compose.yaml" ] || printf '\\001gone\\n'
printf '\\001end\\n'
`;

/** One release as it was written, or null when there is none of that number. Nothing in it is run or looked up (SPEC TR6). */
export async function readReleaseFiles(
  shell: Shell,
  composeText: ComposeText,
  { root, home }: ReleasePlace,
  service: string,
  number: number,
): Promise<Result<WrittenRelease | null>> {
  const args = [root, home, serviceSlug(service), releaseFolder(number)];
  const outcome = await shell.run(renderScript(releaseScript, args), { timeoutMs: 30_000 });
  const texts = new Map<string, string>();
  let name = '';
  let isWhole = false;
  let isGone = false;
  for (const line of outcome.stdout.split('\n')) {
    if (line.startsWith('\u0001file ')) name = line.slice(6);
    else if (line === '\u0001end') isWhole = true;
    else if (line === '\u0001gone') isGone = true;
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
  if (isGone)
    return failed(
      failure('release-unknown', `Release ${number} of ${service} is not kept whole any more.`, {
        running: 'Nothing was changed.',
        detail: 'The last ten, and those with a role, keep their image and the values of their environment.',
      }),
    );
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
  place: ReleasePlace,
  service: string,
  before: number,
  after: number,
  told: ValuesTold = 'hidden',
): Promise<Result<DiffLine[]>> {
  const [left, right] = await Promise.all([
    readReleaseFiles(shell, composeText, place, service, before),
    readReleaseFiles(shell, composeText, place, service, after),
  ]);
  if (!left.ok) return left;
  if (!right.ok) return right;
  if (left.value === null || right.value === null) {
    return failed(failure('release-unknown', `${service} has no release ${left.value === null ? before : after}.`));
  }
  return ok(diffWritten(left.value, right.value, told));
}

/** What differs between two releases, of which one may not be written yet. */
export function diffWritten(
  left: Pick<WrittenRelease, 'file' | 'service'>,
  right: Pick<WrittenRelease, 'file' | 'service'>,
  told: ValuesTold = 'hidden',
): DiffLine[] {
  const lines = diffServices(
    { ...left.service, image: left.file.reference },
    { ...right.service, image: right.file.reference },
    told,
  ).filter((line) => line.field !== 'other');
  if (left.file.image === right.file.image) return lines;
  const before = bareDigest(left.file.image);
  return [...lines, { field: 'digest', key: 'digest', before, after: bareDigest(right.file.image) }];
}

/** `repository@sha256:…` to `sha256:…`. */
const bareDigest = (image: string): string => image.slice(image.indexOf('@') + 1);
