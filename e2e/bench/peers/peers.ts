import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { docker } from '../../lab/engine.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Mover } from '../moves.ts';
import { imageOf, releases, shopAddress } from '../shop.ts';
import type { PeerContainer, PeerYard } from './containers.ts';

// Each moves the same traffic between the same two releases of the same application, which both run all the time (but
// under compose). The command's time is read in the same shell, right before the command.

const stamp = 'date +%s%3N';

const portOfPeer = 8080;

async function untilItAnswers(address: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await fetch(`http://${address}:${portOfPeer}/version`, { signal: AbortSignal.timeout(2_000) });
      if (answer.ok && answer.headers.get('x-release') === releases[0]) return;
    } catch (caught) {
      if (tries > 100) throw caught;
    }
    if (tries > 100) throw new Error(`the peer does not answer with ${releases[0]}`);
    await sleep(100);
  }
}

/** A peer that runs in a container of its own beside the two releases. */
async function openPeer(
  yard: PeerYard,
  name: string,
  file: string,
  begin: (peer: PeerContainer) => Promise<void>,
  move: (peer: PeerContainer, to: 0 | 1) => Promise<number>,
): Promise<Mover> {
  const peer = await yard.open(file);
  await begin(peer);
  await untilItAnswers(peer.address);
  return {
    name,
    address: { host: peer.address, port: portOfPeer },
    releases,
    move: (to) => move(peer, to),
    close: async () => {
      await docker(['rm', '-f', '-v', peer.name], { okCodes: [0, 1] });
    },
  };
}

/** The upstream's file rewritten, then `nginx -s reload`. */
export function openNginx(yard: PeerYard): Promise<Mover> {
  const live = (to: 0 | 1) => `upstream live { server ${yard.backends[to].address}:3000; keepalive 32; }`;
  return openPeer(
    yard,
    'nginx reload',
    'nginx',
    async (peer) => {
      await yard.sh(peer, `echo '${live(0)}' >/etc/nginx/live.conf; nginx`);
    },
    async (peer, to) =>
      Number(
        await yard.sh(
          peer,
          `echo '${live(to)}' >/etc/nginx/live.new && mv /etc/nginx/live.new /etc/nginx/live.conf && ${stamp} && nginx -s reload`,
        ),
      ),
  );
}

/** A new configuration put to the `/load` of its API. */
export function openCaddy(yard: PeerYard): Promise<Mover> {
  const config = (to: 0 | 1) => ({
    admin: { listen: '0.0.0.0:2019', enforce_origin: false, origins: ['bench'] },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: {
      http: {
        servers: {
          shop: {
            listen: [`:${portOfPeer}`],
            routes: [
              { handle: [{ handler: 'reverse_proxy', upstreams: [{ dial: `${yard.backends[to].address}:3000` }] }] },
            ],
          },
        },
      },
    },
  });
  const load = async (peer: PeerContainer, to: 0 | 1): Promise<number> => {
    const commandedMs = Date.now();
    const answer = await fetch(`http://${peer.address}:2019/load`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://bench' },
      body: JSON.stringify(config(to)),
      signal: AbortSignal.timeout(30_000),
    });
    if (!answer.ok) throw new Error(`Caddy: ${answer.status} ${await answer.text()}`);
    return commandedMs;
  };
  return openPeer(
    yard,
    'Caddy API load',
    'caddy',
    async (peer) => {
      await yard.sh(peer, `printf '%s' '${JSON.stringify(config(0))}' >/root/caddy.json`);
      await yard.start(peer, ['caddy', 'run', '--config', '/root/caddy.json']);
    },
    load,
  );
}

/** A file renamed into the folder that its file provider watches. */
export function openTraefik(yard: PeerYard): Promise<Mover> {
  const file = (to: 0 | 1) =>
    JSON.stringify({
      http: {
        routers: { shop: { rule: 'PathPrefix(`/`)', service: 'shop', entryPoints: ['web'] } },
        services: { shop: { loadBalancer: { servers: [{ url: `http://${yard.backends[to].address}:3000` }] } } },
      },
    });
  return openPeer(
    yard,
    'Traefik file provider',
    'traefik',
    async (peer) => {
      await yard.sh(peer, `mkdir -p /etc/traefik/live && printf '%s' '${file(0)}' >/etc/traefik/live/shop.yml`);
      await yard.start(peer, ['traefik']);
    },
    async (peer, to) =>
      Number(
        await yard.sh(
          peer,
          `printf '%s' '${file(to)}' >/etc/traefik/shop.new && ${stamp} && mv /etc/traefik/shop.new /etc/traefik/live/shop.yml`,
        ),
      ),
  );
}

/** Its `deploy`, which checks the target's health first. */
export function openKamalProxy(yard: PeerYard, binary: string): Promise<Mover> {
  const deploy = (to: 0 | 1) =>
    `kamal-proxy deploy shop --target ${yard.backends[to].address}:3000 --health-check-path /healthz`;
  return openPeer(
    yard,
    'kamal-proxy deploy',
    'kamal-proxy',
    async (peer) => {
      await docker(['cp', path.resolve(binary), `${peer.name}:/usr/local/bin/kamal-proxy`]);
      await yard.start(peer, ['kamal-proxy', 'run', '--http-port', String(portOfPeer)]);
      await sleep(1_000);
      await yard.sh(peer, deploy(0));
    },
    async (peer, to) => Number((await yard.sh(peer, `${stamp} && ${deploy(to)}`)).split('\n')[0]),
  );
}

/** The stack as it is before adoption: the image edited in compose.yaml, then `docker compose up -d`, which stops and starts. */
export async function openCompose(lab: Lab): Promise<Mover> {
  await lab.reset('shop');
  const next = imageOf(releases[1]);
  await lab.exec('home', ['docker', 'pull', '-q', next], { timeoutMs: 120_000 });
  return {
    name: 'compose up (stop, start)',
    address: shopAddress(lab),
    releases,
    move: async (to) => {
      const edit = `sed -i 's|image: ${imageOf('[^ ]*').replaceAll('.', '[.]')}|image: ${imageOf(releases[to])}|' compose.yaml`;
      const { stdout } = await lab.exec(
        'home',
        `cd shop && ${edit} && ${stamp} && docker compose up -d --no-deps frontend >/dev/null 2>&1`,
        { timeoutMs: 120_000 },
      );
      return Number(stdout);
    },
    close: async () => {},
  };
}
