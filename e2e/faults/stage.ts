import { randomBytes } from 'node:crypto';
import type { Verb, VerbOptions } from '../../src/core/job.ts';
import { homeStateFolder } from '../../src/core/server-layout.ts';
import type { Session } from '../../src/engine/session.ts';
import type { Lab } from '../lab/lab.ts';
import { loadStack } from '../lab/recipe.ts';
import type { Standing } from './cases.ts';
import { feather, type Look, look } from './look.ts';
import { sessionFor } from './play.ts';
import { openServer, type Server } from './server.ts';

const image = (version: string) => `registry.lab:5000/feather/web:${version}`;

/** The stack under test on one server: brought to where a case begins, by verbs where that goes. */
export type Stage = {
  server: Server;
  /** In the service's environment and its .env: to be found nowhere else. */
  secret: string;
  look(): Promise<Look>;
  /** Starts over: plain compose, no state folder. */
  reset(): Promise<void>;
  /** From where it stands to where it should. */
  reach(now: Look, standing: Standing): Promise<Look>;
  /** Has compose.yaml name the image that has the traffic, so that a deploy of another one has its line to write. */
  writeCurrentImage(look: Look): Promise<void>;
  connected(): Promise<Session>;
};

/** Where a service stands; null when that is nowhere a verb could begin. */
export function standingOf(look: Look): Standing | null {
  if (!look.adopted) return look.roles.current === undefined && !look.override ? 'plain' : null;
  if (look.roles.current === undefined || look.watched) return null;
  const state = (role: 'next' | 'previous') => {
    const release = look.releases.find(({ number }) => number === look.roles[role]);
    const container = look.containers.find(({ name }) => name === `${feather.prefix}--${release?.slot}`);
    return release !== undefined && container?.state === 'running' && (role !== 'next' || release.state === 'ready');
  };
  if (look.roles.next !== undefined) return state('next') ? 'ready' : null;
  if (look.roles.previous !== undefined) return state('previous') ? 'flipped' : null;
  return 'lone';
}

/** Long enough for any fault but an engine's restart, after which the flip goes back by itself: as it should. */
const armedMinutes = 10 / 60;

const currentVersion = (look: Look): string =>
  look.releases.find(({ number }) => number === look.roles.current)?.version ?? '1.0.0';

/** The image that is not the one with the traffic, so that an answer tells which release gave it. */
export const otherImage = (look: Look): string => image(currentVersion(look) === '1.1.0' ? '1.0.0' : '1.1.0');

const kill = `ls -l /proc/[0-9]*/cwd 2>/dev/null | sed -n 's|.* /proc/\\([0-9]*\\)/cwd -> \\(${feather.root}\\|${feather.home}\\).*|\\1|p' | while read -r id; do kill -9 "$id" 2>/dev/null; done`;
/** Where the small disk is mounted, that holds the stack's folder and the home state. */
const small = '/home/home/small';
const homeState = `/home/home/${homeStateFolder}`;

const asHome = 'setpriv --reuid=home --regid=home --init-groups -- env HOME=/home/home USER=home';

/**
 * Opens the stack of one server and starts over. `small` puts its folder on a file system of its own, that can be filled
 * up; a power cut loses that one, so the folder stays on the server's disk for those.
 */
export async function openStage(lab: Lab, host: string, disk: 'small' | 'own'): Promise<Stage> {
  const server = openServer(lab, host);
  const secret = `feather-${randomBytes(12).toString('hex')}`;
  const { files } = await loadStack('feather', 'feather');
  const write = Object.entries({ ...files, '.env': `API_TOKEN=${secret}\n` })
    .map(([name, text]) => `base64 -d >${feather.folder}/${name} <<<'${Buffer.from(text).toString('base64')}'`)
    .join('\n');
  // The home state is on the same small disk: what a job writes on a full one, it writes in both.
  const mount = `mount -t tmpfs -o size=32m,mode=755,uid=$(id -u home),gid=$(id -g home) tmpfs ${small}
${asHome} mkdir -p ${small}/feather ${homeState}
${asHome} mkdir -m 700 -p ${small}/state
mount --bind ${small}/feather ${feather.folder}
mount --bind ${small}/state ${homeState}`;
  const clean = `${kill}
for i in $(seq 600); do docker version >/dev/null 2>&1 && break; sleep 0.1; done
docker ps -aq --filter name=feather | xargs -r docker rm -f >/dev/null
docker image ls --format '{{.Repository}}:{{.Tag}}' 'switchyard/*' | xargs -r docker rmi >/dev/null 2>&1
rm -rf ${feather.folder}/* ${feather.folder}/.[!.]* ${homeState}/stacks`;
  const start = `chown -R home:home ${feather.folder}
cd ${feather.folder} && ${asHome} docker compose up -d --quiet-pull 2>&1
for i in $(seq 100); do curl -fsS -m 1 http://127.0.0.1:8080/version >/dev/null 2>&1 && exit 0; sleep 0.05; done; exit 1`;

  const reset = async () => {
    await server.sh(`${clean}\n${write}\n${start}`, { timeoutMs: 90_000 });
  };
  await server.sh(
    `${clean}\nfor each in ${homeState} ${feather.folder} ${small}; do while umount $each 2>/dev/null; do :; done; done; rm -rf ${feather.folder}/* ${homeState}\n${asHome} mkdir -p ${small}\n${disk === 'small' ? mount : 'true'}`,
    {
      timeoutMs: 90_000,
    },
  );
  await reset();

  const connected = async () => {
    const session = sessionFor(host, lab.sshConfigPath);
    const connection = await session.connect();
    if (connection.kind === 'connected') return session;
    session.close();
    throw new Error(`no link to ${host}: ${JSON.stringify(connection)}`);
  };

  const complete = async (session: Session, verb: Verb, options: VerbOptions) => {
    const name = { stack: feather.stack, service: feather.service };
    const started = await session.start(name, verb, options);
    if (!started.ok)
      throw new Error(`${verb} does not start: ${started.failure.message} ${started.failure.detail ?? ''}`);
    const ended = await session.ended(feather.stack, started.value.id, AbortSignal.timeout(60_000));
    if (!ended.ok || ended.value.state !== 'completed')
      throw new Error(`${verb}: ${JSON.stringify(ended.ok ? ended.value.failure : ended.failure)}`);
  };

  // What an operator may set in service.json; with the usual 120 and 30 s a service that is gone would be waited for too long here.
  const hurry = () =>
    server.sh(
      `cd ${feather.state} && grep -q '"readySeconds": 120' service.json && sed -i 's/"readySeconds": [0-9]*/"readySeconds": 8/; s/"drainSeconds": [0-9]*/"drainSeconds": 2/' service.json; true`,
    );

  const stage: Stage = {
    server,
    secret,
    look: () => look(server, feather, secret),
    reset,
    connected,
    writeCurrentImage: async (known) => {
      await server.sh(`sed -i 's|image: .*|image: ${image(currentVersion(known))}|' ${feather.folder}/compose.yaml`);
    },
    async reach(now, standing) {
      let at = standingOf(now);
      if (at === null) {
        await reset();
        at = 'plain';
      } else if (at === 'plain' && now.journal.length > 200) {
        // A journal of hundreds of cases is read in every look.
        await server.sh(`rm -rf ${feather.root} ${feather.home}`);
      }
      if (at === standing && at !== 'plain' && now.hurried) return now;
      if (at === standing) {
        await hurry();
        return stage.look();
      }
      let known = now;
      const session = await connected();
      try {
        if (standing === 'plain') {
          await complete(session, 'eject', {});
          return await stage.look();
        }
        if (at === 'plain') {
          await complete(session, 'adopt', { checkPath: '/healthz', shareVolumes: true });
          await hurry();
          known = await stage.look();
          at = 'lone';
        }
        await hurry();
        if (standing === 'lone' && at !== 'lone') await complete(session, 'retire', {});
        if (
          ((standing === 'ready' || standing === 'armed') && at !== 'ready') ||
          (standing === 'flipped' && at === 'lone')
        )
          await complete(session, 'deploy', { image: otherImage(known), replace: true, again: true });
        if (standing === 'armed') await complete(session, 'flip', { confirmMinutes: armedMinutes });
        if (standing === 'flipped' && at !== 'flipped') await complete(session, 'flip', { watchMinutes: 0 });
      } finally {
        session.close();
      }
      return stage.look();
    },
  };
  return stage;
}
