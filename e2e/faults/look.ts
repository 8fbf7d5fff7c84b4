import { homeStateFolder, stackHome } from '../../src/core/server-layout.ts';
import { type JournalRecord, parseRecords } from './journal.ts';
import type { Server } from './server.ts';

/** Where the service under test is. */
/** `home`: the stack's part of the home state. */
export type Place = {
  folder: string;
  root: string;
  home: string;
  service: string;
  state: string;
  prefix: string;
  stack: string;
};

export const feather: Place = {
  folder: '/home/home/feather',
  root: '/home/home/feather/.switchyard',
  home: stackHome(`/home/home/${homeStateFolder}`, 'feather', '/home/home/feather'),
  state: '/home/home/feather/.switchyard/web',
  prefix: 'feather--web',
  stack: 'feather',
  service: 'web',
};

export type LookedContainer = {
  id: string;
  name: string;
  state: string;
  imageId: string;
  labels: Record<string, string>;
};

export type LookedRelease = {
  number: string;
  slot: string /** First word of its state file. */;
  state: string;
  imageId: string;
  version: string;
  print: string;
};

/** Everything that the invariants ask of a server, read in one go. */
export type Look = {
  /** `blue-settled`, or empty when there is none. */
  live: string;
  /** What the running entry point says of the same; empty when it does not answer, asked three times while requests pass. */
  entry: string;
  answer: { status: number; release: string };
  roles: Partial<Record<'current' | 'previous' | 'next', string>>;
  releases: LookedRelease[];
  watched: boolean;
  containers: LookedContainer[];
  /** Tag to image id. */
  images: Record<string, string>;
  /** Name and when it was made. */
  volumes: string[];
  networks: string[];
  journal: JournalRecord[];
  jobs: { id: string; exit: string | null; alive: boolean }[];
  /** Epochs not released, as `web/12`, with their owner's number. */
  locks: { epoch: string; alive: boolean }[];
  litter: string[];
  /** Of the user, with a working folder inside of the project's. */
  processes: { pid: number; folder: string; command: string }[];
  /** Files that hold the secret and must not. */
  secrets: string[];
  override: boolean;
  adopted: boolean;
  /** service.json has the suite's short waits. */
  hurried: boolean;
  print: string;
};

const script = ({ folder, root, home, state, prefix }: Place, secret: string): string => `
api() { curl -s -m 10 --unix-socket /var/run/docker.sock "http://engine/$1"; echo; }
part() { printf '\\n\\002%s\\n' "$1"; }
read -r booted </proc/sys/kernel/random/boot_id
alive() { read -r id begun boot 2>/dev/null <"$1" && [ "$boot" = "$booted" ] && [ "$begun" = "$(sed 's/.*) //' "/proc/$id/stat" 2>/dev/null | cut -d' ' -f20)" ]; }
cd ${folder} || exit 1
part live; awk '$1=="live"{print $2; exit}' ${state}/entry/live.map 2>/dev/null
part entry; for try in 1 2 3; do [ -S ${state}/entry/run/admin.sock ] && timeout 5 perl -MSocket -e 'socket(S,AF_UNIX,SOCK_STREAM,0) && connect(S,pack_sockaddr_un($ARGV[0])) or exit 1; syswrite(S,"get map /usr/local/etc/haproxy/live.map live\\n"); while(<S>){ if (/value="([^"]*)"/) { print "$1\\n"; $said = 1 } } exit !$said' ${state}/entry/run/admin.sock && break; curl -s -m 1 -o /dev/null http://127.0.0.1:8080/version || break; done
part answer; curl -s -m 5 -o /dev/null -w '%{http_code} %header{x-release}\\n' http://127.0.0.1:8080/version
part roles; for role in current previous next; do [ -L ${state}/$role ] && echo "$role $(readlink ${state}/$role)"; done
part releases; for each in ${state}/releases/[0-9]*; do [ -d "$each" ] && read -r slot <"$each/slot" && word= && read -r word _ <"$each/state"; echo "\${each##*/} $slot \${word:--} $(cat "$each/compose.yaml" "$each/release.json" | sha256sum | cut -c1-16) $(tr -d '\\n' <"$each/release.json")"; done
part containers; api 'containers/json?all=1'
part images; api images/json
part volumes; api volumes
part networks; api networks
part journal; grep -h '' ${root}/journal/*.json 2>/dev/null
part jobs; for each in ${home}/jobs/*/; do [ -d "$each" ] || continue; name=\${each%/}; name=\${name##*/}; if [ -e "$each/exit" ]; then word=; read -r word <"$each/exit"; echo "$name exit $word"; elif [ -e "$each/pid" ] && alive "$each/pid"; then echo "$name alive"; else echo "$name gone"; fi; done
part locks; for each in ${root}/lock/*/[0-9]*; do [ -d "$each" ] && ! [ -e "$each/released" ] && { if alive "$each/owner"; then echo "\${each#${root}/lock/} alive"; else echo "\${each#${root}/lock/} gone"; fi; }; done
part litter; find ${folder} ${home} \\( -name '*.tmp' -o -name '*.part' -o -name 'ask.*' -o -name 'answer.*' -o -name '.switchyard-*' -o -name '*.hand' \\) -printf '%P\\n' 2>/dev/null
part processes; ls -l /proc/[0-9]*/cwd 2>/dev/null | sed -n 's|.* /proc/\\([0-9]*\\)/cwd -> \\(\\(${folder}\\|${home}\\).*\\)|\\1 \\2|p' | while read -r id cwd; do [ "$id" = $$ ] || [ "$id" = "$BASHPID" ] || case $cwd in ${root}/* | ${home}/*) echo "$id $cwd $(tr '\\000\\n' '  ' <"/proc/$id/cmdline" 2>/dev/null | cut -c1-120)" ;; *) [ "$(stat -c %U /proc/$id 2>/dev/null)" = home ] && echo "$id $cwd $(tr '\\000\\n' '  ' <"/proc/$id/cmdline" 2>/dev/null | cut -c1-120)" ;; esac; done
part secrets; grep -rlF '${secret}' ${root}/journal ${root}/feed.ndjson 2>/dev/null; grep -rlF '${secret}' ${root}/*/releases 2>/dev/null; grep -lF '${secret}' ${home}/jobs/*/output ${home}/jobs/*/exit ${home}/jobs/*/*.log ${home}/jobs/*/*.out* 2>/dev/null
part flags; [ -e ${state}/watch ] && echo watched; [ -e ${state}/service.json ] && echo adopted; ls compose.override.y*ml >/dev/null 2>&1 && grep -q switchyard compose.override.y*ml && echo override
grep -q '"readySeconds": 8,' ${state}/service.json 2>/dev/null && echo hurried
part print; cd ${root} 2>/dev/null && { find . ${home} ! -name feed.ndjson ! -name lease ! -name 'fault-*' -printf '%p %y %l\\n' | sort; find . ${home} -type f ! -name feed.ndjson ! -name lease ! -name 'fault-*' -exec sha256sum {} + | sort -k2; } | sha256sum
part ${prefix}
true`;

/** Reads a server. Nothing on it changes. */
export async function look(server: Server, place: Place, secret: string): Promise<Look> {
  return parseLook(await server.sh(script(place, secret), { timeoutMs: 30_000 }));
}

export function parseLook(text: string): Look {
  const parts = new Map<string, string>();
  for (const part of text.split('\n\u0002')) {
    const end = part.indexOf('\n');
    parts.set(part.slice(0, end), part.slice(end + 1));
  }
  const lines = (name: string): string[] => (parts.get(name) ?? '').split('\n').filter((line) => line !== '');
  const words = (name: string): string[][] => lines(name).map((line) => line.split(' '));
  const [status = '0', release = ''] = words('answer')[0] ?? [];
  const flags = lines('flags');
  return {
    live: lines('live')[0] ?? '',
    entry: lines('entry')[0] ?? '',
    answer: { status: Number(status), release },
    roles: Object.fromEntries(words('roles').map(([role = '', to = '']) => [role, to.replace(/.*\//, '')])),
    releases: lines('releases').map(parseRelease),
    watched: flags.includes('watched'),
    containers: json<RawContainer[]>(parts.get('containers'), []).map((each) => ({
      id: each.Id,
      name: (each.Names[0] ?? '').replace(/^\//, ''),
      state: each.State,
      imageId: each.ImageID,
      labels: each.Labels ?? {},
    })),
    images: Object.fromEntries(
      json<RawImage[]>(parts.get('images'), []).flatMap(({ Id, RepoTags }) => (RepoTags ?? []).map((tag) => [tag, Id])),
    ),
    volumes: (json<{ Volumes: RawVolume[] | null }>(parts.get('volumes'), { Volumes: [] }).Volumes ?? [])
      .map(({ Name, CreatedAt }) => `${Name} ${CreatedAt}`)
      .sort(),
    networks: json<{ Name: string }[]>(parts.get('networks'), [])
      .map(({ Name }) => Name)
      .sort(),
    journal: parseRecords(parts.get('journal') ?? ''),
    jobs: words('jobs').map(([id = '', state, exit = '']) => ({
      id,
      exit: state === 'exit' ? exit : null,
      alive: state === 'alive',
    })),
    locks: words('locks').map(([epoch = '', state]) => ({ epoch, alive: state === 'alive' })),
    litter: lines('litter'),
    processes: words('processes').map(([pid = '0', folder = '', ...command]) => ({
      pid: Number(pid),
      folder,
      command: command.join(' '),
    })),
    secrets: lines('secrets'),
    override: flags.includes('override'),
    adopted: flags.includes('adopted'),
    hurried: flags.includes('hurried'),
    print: lines('print')[0] ?? '',
  };
}

type RawContainer = {
  Id: string;
  Names: string[];
  State: string;
  ImageID: string;
  Labels: Record<string, string> | null;
};
type RawImage = { Id: string; RepoTags: string[] | null };
type RawVolume = { Name: string; CreatedAt: string };

function json<Value>(text: string | undefined, otherwise: Value): Value {
  try {
    return JSON.parse(text ?? '') as Value;
  } catch {
    return otherwise;
  }
}

function parseRelease(line: string): LookedRelease {
  const [number = '', slot = '', state = '', print = '', ...rest] = line.split(' ');
  const file = json<{ imageId?: string; imageVersion?: string }>(rest.join(' '), {});
  return { number, slot, state, print, imageId: file.imageId ?? '', version: file.imageVersion ?? '' };
}
