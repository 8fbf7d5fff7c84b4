import type { Recipe, StackFiles } from '../recipe.ts';

/** What stands in one line of the table below. */
export interface CrowdService {
  name: string;
  version: string;
  dependsOn: string[];
  /** Published on the server. */
  port?: number;
  volume?: string;
  /** Has a health check that its dependants wait for. */
  hasHealthcheck: boolean;
  /** Joins the stack's second network, alone where `back` is all it has. */
  networks: ('front' | 'back')[];
}

/**
 * A well-grown home server, 100 services in 12 stacks: `name version`, then what it depends on (`<a,b`), a published port (`:8096`),
 * a volume (`+data`), a health check (`!`), and the networks it is in where a stack has two (`~back`, `~front,back`).
 */
const table: Record<string, string> = {
  media: `jellyfin 10.10.7 :8096 +config; sonarr 4.0.14 <prowlarr :8989 +sonarr; radarr 5.21.1 <prowlarr :7878 +radarr; lidarr 2.10.3 <prowlarr :8686 +lidarr;
    prowlarr 1.33.3 <flaresolverr :9696 +prowlarr; bazarr 1.5.1 <sonarr,radarr :6767 +bazarr; jellyseerr 2.5.2 <jellyfin,sonarr,radarr :5055 +seerr;
    qbittorrent 5.0.4 <vpn +torrents; vpn 3.40.0 !; flaresolverr 3.3.21`,
  photos: `immich 1.131.3 <db,cache,learning :2283 +library ~front,back; learning 1.131.3 +models ~back; microservices 1.131.3 <db,cache ~back; db 14.17 +db ! ~back;
    cache 7.4.2 ! ~back; photoprism 240915 <mariadb :2342 +originals ~front,back; mariadb 11.7 +mysql ! ~back; backup 0.32 <db,mariadb ~back; librephotos 2025w12 <db ~front,back; pigallery 3.0.1 :8082 ~front`,
  cloud: `nextcloud 31.0.2 <db,cache :8081 +html ~front,back; cron 31.0.2 <nextcloud ~back; push 0.7.1 <nextcloud ~front,back; office 24.04.13 :9980 ~front; db 16.8 +db ! ~back;
    cache 7.4.2 ! ~back; clamav 1.4.2 ~back; search 8.17.4 +index ~back; imaginary 1.2.4 ~back`,
  automation: `homeassistant 2025.4.1 <mqtt,db :8123 +config; mqtt 2.0.21 :1883 +mosquitto !; zigbee 2.2.1 <mqtt :8085 +zigbee; zwave 10.3.0 <mqtt :8091 +zwave; nodered 4.0.9 <mqtt :1880 +flows;
    esphome 2025.3.3 :6052 +esphome; db 2.7 +influx !; frigate 0.15.0 <mqtt :5000 +clips; matter 7.0.1 +matter`,
  monitoring: `prometheus 3.2.1 <node,cadvisor :9090 +tsdb ~back; grafana 11.6.0 <prometheus,loki :3000 +grafana ~front,back; loki 3.4.2 +loki ~back; promtail 3.4.2 <loki ~back; alertmanager 0.28.1 +alerts ~back;
    node 1.9.1 ~back; cadvisor 0.52.1 ~back; blackbox 0.26.0 ~back; uptime 1.23.16 :3001 +uptime ~front`,
  documents: `paperless 2.15.1 <db,broker,gotenberg,tika :8010 +media ~front,back; db 16.8 +db ! ~back; broker 7.4.2 ! ~back; gotenberg 8.19.1 ~back; tika 3.1.0 ~back; stirling 0.45.2 :8020 ~front; calibre 0.6.24 :8083 +books ~front; kavita 0.8.5 :5001 +kavita ~front`,
  code: `gitea 1.23.7 <db :3030 +gitea ~front,back; db 16.8 +db ! ~back; runner 0.2.11 <gitea ~back; registry 2.8.3 :5050 +registry ~front; woodpecker 3.5.2 <gitea :8000 +woodpecker ~front,back; agent 3.5.2 <woodpecker ~back; renovate 39.227 <gitea ~back; mirror 2.1.0 <gitea ~back`,
  news: `freshrss 1.26.1 <db :8030 +rss ~front,back; miniflux 2.2.7 <db :8031 ~front,back; db 16.8 +db ! ~back; rsshub 2025.4 <browser,cache :1200 ~front,back; browser 1.61.0 ~back; cache 7.4.2 ! ~back; wallabag 2.6.12 <db,cache :8032 +images ~front,back; bridge 2025.1 ~back`,
  home: `vaultwarden 1.33.2 :8040 +vault; mealie 2.8.0 <db :9925 +mealie; db 16.8 +db !; grocy 4.5.0 :9283 +grocy; homepage 1.0.4 :3010 +homepage; actual 25.4.0 :5006 +actual; linkding 1.38.1 :9091 +linkding; monica 4.1.2 <db :8041 +monica`,
  network: `adguard 0.107.59 :3080 +adguard; unbound 1.22.0 !; ddclient 4.0.0; wgeasy 14 :51821 +wireguard; speedtest 1.3.0 <db :8765 +speedtest; db 11.7 +mysql !; smokeping 2.8.2 :8766`,
  games: `minecraft 2025.4 :25565 +world; bluemap 5.7 <minecraft :8100 +maps; valheim 2.10.1 +valheim; panel 1.11.10 <db,cache :8101; db 11.7 +mysql !; cache 7.4.2 !; wings 1.11.13 <panel`,
  chat: `synapse 1.128.0 <db :8008 +synapse ~front,back; element 1.11.97 <synapse :8110 ~front; db 16.8 +db ! ~back; mautrix 0.12.0 <synapse ~back; turn 4.6.3 ~front; hookshot 6.0.3 <synapse,cache ~back; cache 7.4.2 ! ~back`,
};

/** The table as data: stack name to its services. */
export function parseCrowd(): Map<string, CrowdService[]> {
  const stacks = new Map<string, CrowdService[]>();
  for (const [stack, text] of Object.entries(table)) {
    const services = text.split(';').map((line) => parseService(line.trim()));
    stacks.set(stack, services);
  }
  return stacks;
}

function parseService(line: string): CrowdService {
  const [name = '', version = '', ...marks] = line.split(/\s+/);
  const service: CrowdService = { name, version, dependsOn: [], hasHealthcheck: false, networks: [] };
  for (const mark of marks) {
    const rest = mark.slice(1);
    if (mark.startsWith('<')) service.dependsOn = rest.split(',');
    else if (mark.startsWith(':')) service.port = Number(rest);
    else if (mark.startsWith('+')) service.volume = rest;
    else if (mark.startsWith('!')) service.hasHealthcheck = true;
    else if (mark.startsWith('~')) service.networks = rest.split(',') as ('front' | 'back')[];
    else throw new Error(`crowd: ${name}: what is ${mark}?`);
  }
  return service;
}

/** The compose.yaml of one stack. */
export function renderCrowdStack(stack: string, services: readonly CrowdService[]): string {
  const lines = [
    `# ${stack}, made by the lab: every service is the same small web server under another name.`,
    'services:',
  ];
  const checked = new Set(services.filter((service) => service.hasHealthcheck).map((service) => service.name));
  for (const service of services) {
    lines.push(`  ${service.name}:`, `    image: ${imageOf(stack, service)}`, '    restart: unless-stopped');
    lines.push(
      '    environment:',
      `      SERVICE_NAME: ${stack}/${service.name}`,
      `      SERVICE_VERSION: "${service.version}"`,
    );
    if (service.port !== undefined) lines.push('    ports:', `      - "${service.port}:8080"`);
    if (service.volume !== undefined) lines.push('    volumes:', `      - ${service.volume}:/data`);
    if (service.networks.length > 0) lines.push(`    networks: [${service.networks.join(', ')}]`);
    if (service.dependsOn.length > 0) {
      lines.push('    depends_on:');
      for (const name of service.dependsOn) {
        lines.push(`      ${name}:`, `        condition: ${checked.has(name) ? 'service_healthy' : 'service_started'}`);
      }
    }
    if (service.hasHealthcheck) {
      lines.push(
        '    healthcheck:',
        '      test: ["CMD", "busybox", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/"]',
      );
      lines.push('      interval: 2m', '      timeout: 5s', '      start_period: 2m', '      start_interval: 2s');
    }
  }
  const volumes = services.flatMap((service) => service.volume ?? []);
  if (volumes.length > 0) lines.push('', 'volumes:', ...volumes.map((volume) => `  ${volume}:`));
  if (services.some((service) => service.networks.length > 0)) lines.push('', 'networks:', '  front:', '  back:');
  return `${lines.join('\n')}\n`;
}

function imageOf(stack: string, service: CrowdService): string {
  return `registry.lab:5000/crowd/${stack}-${service.name}:${service.version}`;
}

/** 100 containers in 12 stacks, for what must stay quick when a server is full. */
export const crowd: Recipe = {
  name: 'crowd',
  host: 'crowd',
  http: { jellyfin: 8096 },
  images: ['crowd', 'haproxy'],
  aliases: Object.fromEntries(
    [...parseCrowd()].flatMap(([stack, services]) =>
      services.map((service) => [imageOf(stack, service).replace('registry.lab:5000/', ''), 'crowd/base:1.0']),
    ),
  ),
  stacks: async (): Promise<StackFiles[]> =>
    [...parseCrowd()].map(([name, services]) => ({
      name,
      files: { 'compose.yaml': renderCrowdStack(name, services) },
    })),
  keptByReset: [],
  keepsUnchanged: true,
  startedAtOnce: 3,
};
