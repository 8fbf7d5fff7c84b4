import { type Condition, type ConfigLine, fitsPatterns } from './config-lines.ts';
import { parsePort, parseTarget, type Target } from './target.ts';

/** Everything that decides how one host is reached, after the config was applied to what was typed. */
export type HostSettings = {
  /** As typed, without user and port: the name that failures use. */
  alias: string;
  hostName: string;
  port: number;
  user: string;
  /** Absolute paths, in the order in which they are tried. */
  identityFiles: string[];
  /** Whether the config names them; the usual ones are tried silently. */
  identitiesNamed: boolean;
  identitiesOnly: boolean;
  /** A socket path, or null for none. */
  identityAgent: string | null;
  userKnownHostsFiles: string[];
  globalKnownHostsFiles: string[];
  hostKeyAlias: string | null;
  strictHostKeyChecking: 'yes' | 'ask' | 'accept-new';
  hashKnownHosts: boolean;
  connectTimeoutMs: number;
  /** The hosts to go through, first hop first. */
  jumps: Target[];
  proxyCommand: string | null;
};

/** What resolving needs to know of this machine. */
export type LocalFacts = {
  home: string;
  user: string;
  userId: number | null;
  hostName: string;
  environment: Record<string, string | undefined>;
  /** Where the agent listens when nothing says so; null on systems without a usual place. */
  usualAgent: string | null;
};

const usualIdentities = ['id_rsa', 'id_ecdsa', 'id_ed25519'];

/** ssh waits for the system's own limit, minutes; a window must tell sooner. */
const usualConnectTimeoutMs = 10_000;

/**
 * Applies config lines to what was typed, as ssh does: the first value wins, IdentityFile adds up. Pure.
 * `Match exec` and `Match canonical` never fit: nothing is run, and no name is made canonical, for a look at a config.
 */
export function resolveHost(target: Target, lines: ConfigLine[], local: LocalFacts): HostSettings {
  let values = applyLines(target, lines, local, false, null);
  if (lines.some((line) => line.conditions.some(asksForFinal))) {
    values = applyLines(target, lines, local, true, values);
  }
  const first = (keyword: string): string | null => values.get(keyword)?.[0] ?? null;

  const user = target.user ?? first('user') ?? local.user;
  const port = target.port ?? parsePort(first('port') ?? '') ?? 22;
  const hostName = (first('hostname') ?? target.host).replace(/%%|%h/g, (token) =>
    token === '%%' ? '%' : target.host,
  );
  const expand = (text: string): string =>
    expandPath(text, { local, alias: target.host, hostName, port, user }).replace(/[\\/]$/, '');

  const named = (values.get('identityfile') ?? []).filter((each) => each.toLowerCase() !== 'none');
  const saysNone = (values.get('identityfile') ?? []).some((each) => each.toLowerCase() === 'none');
  const identities =
    named.length > 0 || saysNone
      ? [...new Set(named.map(expand))]
      : usualIdentities.map((name) => `${local.home}/.ssh/${name}`);
  const files = (keyword: string, usual: string[]): string[] =>
    (values.get(keyword) ?? usual).filter((each) => each.toLowerCase() !== 'none').map(expand);
  const proxyJump = first('proxyjump');

  return {
    alias: target.host,
    hostName,
    port,
    user,
    identityFiles: identities,
    identitiesNamed: named.length > 0,
    identitiesOnly: isYes(first('identitiesonly')),
    identityAgent: agentPath(first('identityagent'), local, expand),
    userKnownHostsFiles: files('userknownhostsfile', ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']),
    globalKnownHostsFiles: files('globalknownhostsfile', ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']),
    hostKeyAlias: first('hostkeyalias'),
    strictHostKeyChecking: strictness(first('stricthostkeychecking')),
    hashKnownHosts: isYes(first('hashknownhosts')),
    connectTimeoutMs: seconds(first('connecttimeout')) ?? usualConnectTimeoutMs,
    jumps: proxyJump === null || proxyJump.toLowerCase() === 'none' ? [] : jumpsOf(proxyJump),
    // ssh takes whichever of the two comes first; a jump is the one that can be verified hop by hop.
    proxyCommand: proxyJump === null ? proxyCommandOf(values.get('proxycommand')) : null,
  };
}

/** The aliases that a config names outright (no wildcards), with what they lead to, in file order. Pure. */
export function namedAliases(
  lines: ConfigLine[],
  local: LocalFacts,
): { alias: string; hostName: string | null; user: string | null }[] {
  const names = new Set<string>();
  for (const line of lines) {
    for (const condition of line.conditions) {
      if (condition.kind !== 'host') continue;
      for (const pattern of condition.patterns) {
        if (!/[*?!]/.test(pattern) && parseTarget(pattern).ok) names.add(pattern);
      }
    }
  }
  return [...names].map((alias) => {
    const values = applyLines({ typed: alias, host: alias, user: null, port: null }, lines, local, false, null);
    return { alias, hostName: values.get('hostname')?.[0] ?? null, user: values.get('user')?.[0] ?? null };
  });
}

function applyLines(
  target: Target,
  lines: ConfigLine[],
  local: LocalFacts,
  isFinal: boolean,
  before: Map<string, string[]> | null,
): Map<string, string[]> {
  const values = new Map(before ?? []);
  const identities = [...(before?.get('identityfile') ?? [])];
  for (const line of lines) {
    const facts = {
      host: (values.get('hostname')?.[0] ?? target.host).replaceAll('%h', target.host),
      originalHost: target.host,
      user: target.user ?? values.get('user')?.[0] ?? local.user,
      localUser: local.user,
      isFinal,
    };
    if (line.values.length === 0 || !line.conditions.every((condition) => fits(condition, facts))) continue;
    if (line.keyword === 'identityfile') {
      if (!identities.includes(line.values[0] ?? '')) identities.push(...line.values);
      values.set('identityfile', identities);
    } else if (!values.has(line.keyword)) {
      values.set(line.keyword, line.values);
    }
  }
  return values;
}

type MatchFacts = { host: string; originalHost: string; user: string; localUser: string; isFinal: boolean };

function fits(condition: Condition, facts: MatchFacts): boolean {
  if (condition.kind === 'host') return fitsPatterns(condition.patterns, facts.originalHost);
  const words = [...condition.words];
  if (words.length === 0) return false;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const negated = word.startsWith('!');
    const keyword = (negated ? word.slice(1) : word).toLowerCase();
    const takesNone = keyword === 'all' || keyword === 'final' || keyword === 'canonical';
    const list = takesNone ? [] : (words.shift() ?? '').split(',');
    const fit = fitsCriterion(keyword, list, facts);
    if (fit === null || fit === negated) return false;
  }
  return true;
}

/** Null: a criterion that is not looked at, so that neither it nor its negation fits. */
function fitsCriterion(keyword: string, list: string[], facts: MatchFacts): boolean | null {
  switch (keyword) {
    case 'all':
      return true;
    case 'final':
      return facts.isFinal;
    case 'canonical':
      return false;
    case 'host':
      return fitsPatterns(list, facts.host);
    case 'originalhost':
      return fitsPatterns(list, facts.originalHost);
    case 'user':
      return fitsPatterns(list, facts.user);
    case 'localuser':
      return fitsPatterns(list, facts.localUser);
    default:
      return null;
  }
}

const asksForFinal = (condition: Condition): boolean =>
  condition.kind === 'match' && condition.words.some((word) => word.toLowerCase().replace('!', '') === 'final');

const isYes = (value: string | null): boolean => /^(yes|true)$/i.test(value ?? '');

function strictness(value: string | null): HostSettings['strictHostKeyChecking'] {
  switch (value?.toLowerCase()) {
    case 'yes':
    case 'true':
      return 'yes';
    case 'accept-new':
    // `no` lets changed keys through as well. That is the one thing never done here.
    case 'no':
    case 'false':
    case 'off':
      return 'accept-new';
    default:
      return 'ask';
  }
}

function seconds(value: string | null): number | null {
  if (value === null || !/^\d+$/.test(value)) return null;
  const ms = Number(value) * 1000;
  return ms > 0 ? Math.min(ms, 600_000) : null;
}

function agentPath(value: string | null, local: LocalFacts, expand: (text: string) => string): string | null {
  const usual = local.environment.SSH_AUTH_SOCK || local.usualAgent;
  if (value === null || value === 'SSH_AUTH_SOCK') return usual;
  if (value.toLowerCase() === 'none') return null;
  if (value.startsWith('$') && !value.startsWith('${')) return local.environment[value.slice(1)] || null;
  return expand(value);
}

function jumpsOf(value: string): Target[] {
  return value.split(',').flatMap((each) => {
    const target = parseTarget(each);
    return target.ok ? [target.value] : [{ typed: each, host: each.trim(), user: null, port: null }];
  });
}

function proxyCommandOf(values: string[] | undefined): string | null {
  const command = values?.join(' ') ?? 'none';
  return command.toLowerCase() === 'none' ? null : command;
}

/** `~`, `${VAR}` and ssh's tokens in a path. An unknown token stays as it is. */
export function expandPath(
  text: string,
  facts: { local: LocalFacts; alias: string; hostName: string; port: number; user: string },
): string {
  const { local } = facts;
  const home = text === '~' || text.startsWith('~/') ? local.home + text.slice(1) : text;
  const tokens: Record<string, string> = {
    '%%': '%',
    '%d': local.home,
    '%h': facts.hostName,
    '%i': String(local.userId ?? ''),
    '%L': local.hostName.split('.')[0] ?? '',
    '%l': local.hostName,
    '%n': facts.alias,
    '%p': String(facts.port),
    '%r': facts.user,
    '%u': local.user,
  };
  const expanded = home
    .replace(/%./g, (token) => tokens[token] ?? token)
    .replace(/\$\{([^}]+)\}/g, (whole, name: string) => local.environment[name] ?? whole);
  return /^([/\\]|[A-Za-z]:)/.test(expanded) ? expanded : `${local.home}/.ssh/${expanded}`;
}
