import { renderScript } from '../../core/command.ts';
import { labels, stateFolder } from '../../core/server-layout.ts';
import { followFilesScript, type OutlinedService, parseStackFiles, stackFilesScript } from '../../core/stack-files.ts';
import type { ComposeText } from '../ports/compose-text.ts';
import type { Link } from '../ports/link.ts';
import type { HostNow, OpenLink } from './host-now.ts';

/** The files that stacks are made of, read as text and never run, and read again within seconds of a change (SPEC DN3, DN4). */
export type Files = {
  /** Follows the files of the stacks known now. May be called at any time: the same are followed once. */
  follow(): void;
  /** Reads them now. Never throws: what cannot be read stays as it was. */
  read(link: Link): Promise<void>;
};

const mostFolders = 200;

export function createFiles(now: HostNow, composeText: ComposeText, onChange: () => void, redraw: () => void): Files {
  let following: { open: OpenLink; folders: string; abort: AbortController } | null = null;
  let reading = false;
  let again = false;

  const read = async (link: Link, folders: string[]): Promise<void> => {
    if (folders.length === 0) return;
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    try {
      const outcome = await link.shell.run(renderScript(stackFilesScript, folders), { timeoutMs: 20_000 });
      if (now.open?.link !== link || !outcome.stdout.includes('\u0001end')) return;
      const files = parseStackFiles(outcome.stdout);
      now.outlines = new Map(
        [...files].map(([folder, { compose, override }]) => [
          folder,
          merged(
            [compose, override].flatMap((file) => {
              if (file === null) return [];
              const outline = composeText.outline(file.text);
              return outline.ok ? [outline.value] : [];
            }),
          ),
        ]),
      );
      redraw();
    } catch {
      // The next change, or the next link, reads them.
    } finally {
      reading = false;
      if (again) {
        again = false;
        void read(link, folders);
      }
    }
  };

  const follow = () => {
    const { open } = now;
    if (open === null) return;
    const folders = stackFolders(now);
    const key = folders.join('\n');
    if (following?.open === open && following.folders === key) return;
    following?.abort.abort();
    following = null;
    if (folders.length === 0) return;
    const abort = new AbortController();
    const mine = { open, folders: key, abort };
    following = mine;
    open.abort.signal.addEventListener('abort', () => abort.abort(), { once: true });
    let rest = '';
    open.link.shell
      .follow(renderScript(followFilesScript, folders), {
        signal: abort.signal,
        onOutput: (chunk) => {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop() ?? '';
          if (!lines.includes('changed')) return;
          void read(open.link, folders);
          onChange();
        },
      })
      .catch(() => {})
      .finally(() => {
        if (following !== mine || abort.signal.aborted) return;
        following = null;
        setTimeout(follow, 5_000);
      });
  };

  return { follow, read: (link) => read(link, stackFolders(now)) };
}

/** By name; what the later file says of one that is named twice comes behind what the first says. */
function merged(outlines: OutlinedService[][]): OutlinedService[] {
  const services = new Map<string, OutlinedService>();
  for (const each of outlines.flat()) {
    const known = services.get(each.name);
    services.set(each.name, known === undefined ? each : { ...known, image: known.image ?? each.image });
  }
  return [...services.values()];
}

/** Folders that stacks were started from, and those that something is adopted in. */
function stackFolders(now: HostNow): string[] {
  const folders = new Set(now.states.map(({ root }) => root.slice(0, root.lastIndexOf('/'))));
  for (const { labels: told } of now.docker?.containers ?? []) {
    const folder = told['com.docker.compose.project.working_dir'];
    if (folder?.startsWith('/') && told[labels.slot] === undefined) folders.add(folder);
  }
  return [...folders]
    .filter((folder) => !folder.includes('\n') && folder !== stateFolder(''))
    .sort()
    .slice(0, mostFolders);
}
