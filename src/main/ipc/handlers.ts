import type { AliasView, SettingsView } from '../../contract/views.ts';
import { failure } from '../../core/failure.ts';
import { failed, ok, type Result } from '../../core/result.ts';
import type { Session } from '../../engine/session.ts';
import type { Follows } from '../hosts/follows.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { SettingsKeeper } from '../settings/keeper.ts';
import type { Handlers } from './answer.ts';

export type HandlersOptions = {
  hosts: Hosts;
  follows: Follows;
  settings: SettingsKeeper;
  damagedFile: string | null;
  hasKeyring(): boolean;
  listAliases(): Promise<AliasView[]>;
  applyTheme(theme: SettingsView['theme']): void;
  /** Opens the operator's own browser. */
  browse(url: string): void;
};

/** Every call of the contract, over the parts of the main process. */
export function createHandlers(options: HandlersOptions): Handlers {
  const { hosts, follows, settings } = options;

  const withSession = async <Value>(
    host: string,
    ask: (session: Session) => Result<Value> | Promise<Result<Value>>,
  ): Promise<Result<Value>> => {
    const session = hosts.session(host);
    return session.ok ? ask(session.value) : session;
  };

  const settingsView = (): SettingsView => ({
    theme: settings.get().theme,
    damagedFile: options.damagedFile,
    hasKeyring: options.hasKeyring(),
  });

  return {
    'hosts.list': () => ok(hosts.views()),
    'hosts.aliases': async () => ok(await options.listAliases()),
    'hosts.add': ({ target }) => hosts.add(target),
    'hosts.remove': ({ host }) => hosts.remove(host),
    'hosts.connect': ({ host }) => hosts.connect(host),
    'hosts.disconnect': ({ host }) => hosts.disconnect(host),
    'hosts.answer': ({ host, question, answers }) => hosts.answer(host, question, answers),
    'hosts.refresh': ({ host }) =>
      withSession(host, async (session) => {
        const read = await session.refresh();
        return read.ok ? ok(null) : read;
      }),

    'adopt.plan': ({ ref, options: told, values }) =>
      withSession(ref.host, (session) => session.planAdopt(ref, told, values)),
    'next.plan': ({ ref, options: told, values }) =>
      withSession(ref.host, (session) => session.planNext(ref, told, values)),
    'verbs.start': ({ ref, verb, options: told }) => withSession(ref.host, (session) => session.start(ref, verb, told)),
    'jobs.stop': ({ host, stack, job }) => withSession(host, (session) => session.stop(stack, job)),
    'jobs.log': ({ host, stack, job }) => withSession(host, (session) => session.jobLog(stack, job)),
    'cards.dismiss': ({ ref }) =>
      withSession(ref.host, (session) => {
        session.dismiss(ref);
        return ok(null);
      }),

    'releases.list': ({ ref }) => withSession(ref.host, (session) => session.releases(ref)),
    'releases.compare': ({ ref, before, after, values }) =>
      withSession(ref.host, (session) => session.compareReleases(ref, before, after, values)),

    'logs.follow': ({ ref, tail }) =>
      withSession(ref.host, (session) => ok({ follow: follows.start(session, ref, tail) })),
    'logs.stop': ({ follow }) => {
      follows.stop(follow);
      return ok(null);
    },

    'preview.open': ({ ref, slot, browse }) =>
      withSession(ref.host, async (session) => {
        const opened = await session.openPreview(ref, slot);
        if (!opened.ok) return opened;
        const { url, port, release } = opened.value;
        if (browse) {
          if (!isPreviewAddress(url, port)) {
            return failed(failure('bug', `The preview of ${ref.service} has an address that is not of this machine.`));
          }
          options.browse(url);
        }
        return ok({ url, port, release, slot, service: ref.service });
      }),
    'preview.close': ({ ref }) =>
      withSession(ref.host, async (session) => {
        await session.closePreview(ref);
        return ok(null);
      }),

    'settings.get': () => ok(settingsView()),
    'settings.set': ({ theme }) => {
      settings.change({ theme });
      options.applyTheme(theme);
      return ok(settingsView());
    },
    'positions.get': ({ host }) => ok(settings.get().positions[host] ?? {}),
    'positions.set': ({ host, positions }) => {
      const { [host]: _old, ...others } = settings.get().positions;
      settings.change({ positions: positions === null ? others : { ...others, [host]: positions } });
      return ok(null);
    },
  };
}

/** The browser is only ever sent to a port of this machine. */
export function isPreviewAddress(address: string, port: number): boolean {
  let url: URL;
  try {
    // URL.canParse is younger than the oldest Electron this runs on.
    url = new URL(address);
  } catch {
    return false;
  }
  return url.protocol === 'http:' && url.hostname === '127.0.0.1' && url.port === String(port) && url.username === '';
}
