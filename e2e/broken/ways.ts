import type { TroubleCause } from '../../src/core/trouble.ts';
import { createRandom, shuffled } from '../faults/random.ts';

/**
 * One way to break a service by hand, what must be said of it, and what mends it. `$LIVE`, `$OTHER` and `$ENTRY` are the containers
 * of the release that has the traffic, of the one before, and of the entry point; the scripts run in the stack's folder.
 */
export type Way = {
  name: string;
  /** What somebody did, as they would say it. */
  title: string;
  /** What stands before: settled with a warm previous, the same while a flip is watched, or with no previous. */
  on?: 'watched' | 'alone';
  /** Shell as the owner of the stack. */
  breaks: string;
  /** The same as root of the server. */
  asRoot?: boolean;
  /** What is said first. */
  says: { cause: TroubleCause; level: 'down' | 'wrong' | 'at-risk' } | 'docker-away';
  /** Words that the headline and its text hold, among others. */
  words?: RegExp;
  /** The button: put back or start (`mend`), go to the other release; none, for the watch goes back; or none, with what is done by hand instead. */
  mended: 'mend' | 'go' | 'by-itself' | { byHand: string; next?: 'mend' | 'deploy' };
  /** Puts right for the next way what the mending leaves as it is. */
  after?: string;
};

const compose = 'docker compose';

export const ways: readonly Way[] = [
  {
    name: 'entry-removed',
    title: 'docker rm -f of the entry point',
    breaks: 'docker rm -f $ENTRY',
    says: { cause: 'entry-gone', level: 'down' },
    words: /entry point is gone/,
    mended: 'mend',
  },
  {
    name: 'compose-down',
    title: 'docker compose down',
    breaks: `${compose} down -t 1`,
    says: { cause: 'stack-down', level: 'down' },
    words: /no container of feather/,
    mended: 'mend',
  },
  {
    name: 'compose-stop',
    title: 'docker compose stop',
    breaks: `${compose} stop -t 1`,
    says: { cause: 'entry-stopped', level: 'down' },
    words: /was stopped/,
    mended: 'mend',
    after: 'docker start feather-side-1',
  },
  {
    name: 'entry-stopped',
    title: 'docker stop of the entry point',
    breaks: 'docker stop -t 1 $ENTRY',
    says: { cause: 'entry-stopped', level: 'down' },
    words: /entry point was stopped/,
    mended: 'mend',
  },
  {
    name: 'entry-killed',
    title: 'docker kill of the entry point',
    breaks: 'docker kill $ENTRY',
    says: { cause: 'entry-stopped', level: 'down' },
    words: /killed \(exit code 137\)/,
    mended: 'mend',
  },
  {
    name: 'entry-paused',
    title: 'docker pause of the entry point',
    breaks: 'docker pause $ENTRY',
    says: { cause: 'entry-paused', level: 'down' },
    mended: 'mend',
  },
  {
    name: 'entry-renamed',
    title: 'docker rename of the entry point',
    breaks: 'docker rename $ENTRY web-of-old',
    says: { cause: 'entry-renamed', level: 'wrong' },
    words: /web-of-old/,
    mended: 'mend',
  },
  {
    name: 'entry-replaced',
    title: 'another container run under the entry point’s name',
    breaks: 'docker rm -f $ENTRY && docker run -d --name $ENTRY --entrypoint sleep haproxy:3.0 600',
    says: { cause: 'entry-replaced', level: 'down' },
    words: /haproxy:3\.0/,
    mended: { byHand: 'docker rm -f $ENTRY', next: 'mend' },
  },
  {
    name: 'live-stopped',
    title: 'docker stop of the release that has the traffic',
    breaks: 'docker stop -t 1 $LIVE',
    says: { cause: 'live-stopped', level: 'down' },
    words: /was stopped/,
    mended: 'mend',
  },
  {
    name: 'live-killed',
    title: 'docker kill of the release that has the traffic',
    breaks: 'docker kill $LIVE',
    says: { cause: 'live-stopped', level: 'down' },
    words: /killed \(exit code 137\)/,
    mended: 'go',
    after: 'docker start $LIVE',
  },
  {
    name: 'live-removed',
    title: 'docker rm -f of the release that has the traffic',
    breaks: 'docker rm -f $LIVE',
    says: { cause: 'live-gone', level: 'down' },
    words: /is gone/,
    mended: 'go',
  },
  {
    name: 'live-removed-alone',
    title: 'docker rm -f of the release that has the traffic, and of the one before',
    breaks: 'docker rm -f $LIVE $OTHER',
    says: { cause: 'live-gone', level: 'down' },
    mended: 'mend',
  },
  {
    name: 'live-paused',
    title: 'docker pause of the release that has the traffic',
    breaks: 'docker pause $LIVE',
    says: { cause: 'live-paused', level: 'down' },
    mended: 'mend',
  },
  {
    name: 'live-crashes',
    title: 'the release that has the traffic ends at each start',
    breaks: 'docker exec -u root $LIVE sh -c "rm -f /feather/haproxy.cfg; kill -USR1 1"; sleep 2',
    says: { cause: 'live-crashing', level: 'down' },
    words: /keeps ending with exit code 1, started again/,
    mended: 'go',
    after: 'docker rm -f $LIVE',
  },
  {
    name: 'live-unhealthy',
    title: 'the release that has the traffic fails its own health check',
    breaks:
      'docker exec $LIVE bash -c "exec 5<>/dev/tcp/127.0.0.1/8080; printf \'GET /ill HTTP/1.0\\r\\n\\r\\n\' >&5; cat <&5"',
    says: { cause: 'live-ill', level: 'down' },
    words: /fails its health check/,
    mended: 'go',
    after: 'docker rm -f $LIVE',
  },
  {
    name: 'everything-removed',
    title: 'docker rm -f of everything',
    breaks: 'docker rm -f $(docker ps -aq)',
    says: { cause: 'stack-down', level: 'down' },
    mended: 'mend',
  },
  {
    name: 'watched-entry-removed',
    title: 'docker rm -f of the entry point while a flip is watched',
    on: 'watched',
    breaks: 'docker rm -f $ENTRY',
    says: { cause: 'entry-gone', level: 'down' },
    mended: 'mend',
  },
  {
    name: 'watched-down',
    title: 'docker compose down while a flip is watched',
    on: 'watched',
    breaks: `${compose} down -t 1`,
    says: { cause: 'stack-down', level: 'down' },
    mended: 'mend',
  },
  {
    name: 'watched-entry-paused',
    title: 'docker pause of the entry point while a flip is watched',
    on: 'watched',
    breaks: 'docker pause $ENTRY',
    says: { cause: 'entry-paused', level: 'down' },
    mended: 'mend',
  },
  {
    name: 'watched-live-killed',
    title: 'docker kill of the release that has the traffic while a flip is watched',
    on: 'watched',
    breaks: 'docker kill $LIVE',
    says: { cause: 'live-stopped', level: 'down' },
    words: /killed \(exit code 137\)/,
    mended: 'by-itself',
  },
  {
    name: 'live-cut-off',
    title: 'docker network disconnect of the release that has the traffic',
    breaks: 'docker network disconnect -f feather_default $LIVE',
    says: { cause: 'network-gone', level: 'down' },
    words: /cut off from the network feather_default/,
    mended: 'mend',
  },
  {
    name: 'entry-cut-off',
    title: 'docker network disconnect of the entry point',
    breaks: 'docker network disconnect -f feather_default $ENTRY',
    says: { cause: 'network-gone', level: 'down' },
    mended: 'mend',
  },
  {
    name: 'network-removed',
    title: 'the network of the stack removed',
    breaks:
      'for each in $(docker ps -aq --filter network=feather_default); do docker network disconnect -f feather_default $each; done; docker network rm feather_default',
    says: { cause: 'network-gone', level: 'down' },
    words: /network feather_default is gone/,
    mended: 'mend',
  },
  {
    name: 'bypassed',
    title: 'docker compose -f compose.yaml up -d',
    breaks: `${compose} -f compose.yaml up -d --quiet-pull`,
    says: { cause: 'bypassed', level: 'wrong' },
    words: /goes past its entry point/,
    mended: 'mend',
  },
  {
    name: 'override-deleted',
    title: 'the override deleted',
    breaks: 'rm compose.override.yaml',
    says: { cause: 'override-gone', level: 'wrong' },
    mended: 'mend',
  },
  {
    name: 'override-deleted-and-up',
    title: 'the override deleted, then docker compose up -d',
    breaks: `rm compose.override.yaml; ${compose} up -d --quiet-pull`,
    says: { cause: 'bypassed', level: 'wrong' },
    mended: 'mend',
  },
  {
    name: 'override-changed',
    title: 'our lines of the override changed in an editor',
    breaks: "sed -i 's/image: haproxy:3.0/image: haproxy:2.8/' compose.override.yaml",
    says: { cause: 'override-changed', level: 'wrong' },
    mended: 'mend',
  },
  {
    name: 'config-changed',
    title: 'haproxy.cfg changed in an editor',
    breaks: "sed -i 's/retries 300/retries 3/' .switchyard/web/entry/haproxy.cfg",
    says: { cause: 'entry-config-changed', level: 'wrong' },
    words: /was changed/,
    mended: 'mend',
  },
  {
    name: 'config-deleted',
    title: 'haproxy.cfg deleted',
    breaks: 'rm .switchyard/web/entry/haproxy.cfg',
    says: { cause: 'entry-config-changed', level: 'wrong' },
    words: /is gone/,
    mended: 'mend',
  },
  {
    name: 'config-broken-and-restarted',
    title: 'haproxy.cfg broken, then the entry point restarted',
    breaks: "printf 'nonsense\\n' >>.switchyard/web/entry/haproxy.cfg; docker restart -t 1 $ENTRY; sleep 2",
    says: { cause: 'entry-stopped', level: 'down' },
    words: /keeps ending with exit code 1/,
    mended: 'mend',
  },
  {
    name: 'entry-folder-deleted',
    title: 'the folder that the entry point reads deleted',
    breaks: 'rm -rf .switchyard/web/entry',
    says: { cause: 'entry-config-changed', level: 'wrong' },
    mended: 'mend',
  },
  {
    name: 'previous-stopped',
    title: 'docker stop of the release before',
    breaks: 'docker stop -t 1 $OTHER',
    says: { cause: 'previous-sick', level: 'at-risk' },
    words: /no way back.*was stopped/s,
    mended: 'mend',
  },
  {
    name: 'previous-removed',
    title: 'docker rm -f of the release before',
    breaks: 'docker rm -f $OTHER',
    says: { cause: 'previous-sick', level: 'at-risk' },
    mended: 'mend',
  },
  {
    name: 'docker-stopped',
    title: 'Docker stopped on the server',
    breaks: '',
    says: 'docker-away',
    mended: { byHand: '' },
  },
  {
    name: 'pruned',
    title: 'docker rm of the release before, then docker system prune -af',
    breaks: 'docker rm -f $OTHER && docker system prune -af',
    says: { cause: 'way-back-gone', level: 'at-risk' },
    words: /image of .* is gone/,
    mended: { byHand: '', next: 'deploy' },
  },
  {
    name: 'state-deleted',
    title: 'the service’s folder in .switchyard deleted',
    breaks: 'rm -rf .switchyard/web',
    says: { cause: 'state-gone', level: 'wrong' },
    mended: 'mend',
  },
  {
    name: 'state-folder-deleted',
    title: '.switchyard deleted',
    breaks: 'rm -rf .switchyard',
    says: { cause: 'state-gone', level: 'wrong' },
    mended: 'mend',
  },
  {
    name: 'everything-deleted',
    title: '.switchyard and the override deleted, then docker compose up -d',
    breaks: `rm -rf .switchyard compose.override.yaml; ${compose} up -d --quiet-pull`,
    says: { cause: 'bypassed', level: 'wrong' },
    mended: 'mend',
  },
];

/** What always runs; more of them by chance, or all, or those named. */
const usual = ['entry-removed', 'compose-down', 'live-killed', 'docker-stopped'];
const byChance = 4;

/** SWITCHYARD_WAYS: `all`, names with commas, or a number that chance is seeded with; 1 when absent. */
export function chosenWays(): Way[] {
  const asked = process.env.SWITCHYARD_WAYS ?? '1';
  if (asked === 'all') return [...ways];
  const seed = Number(asked);
  const wanted = new Set(Number.isNaN(seed) ? asked.split(',') : usual);
  if (!Number.isNaN(seed)) {
    const rest = ways.map((way) => way.name).filter((each) => !wanted.has(each));
    for (const each of shuffled(rest, createRandom(seed)).slice(0, byChance)) wanted.add(each);
  }
  return ways.filter((way) => wanted.has(way.name));
}
