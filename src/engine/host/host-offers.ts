import type { Rung } from '../../core/connection.ts';
import { type Failure, failure } from '../../core/failure.ts';

/** Oldest compose that knows `!override`, which the entry point needs. */
const oldestCompose = [2, 24, 4] as const;

/**
 * The plugin is asked itself, where docker looks for it: `docker compose version` starts two programs and takes twice
 * as long. Docker is asked where it lies somewhere else.
 */
export const hostScript = `
version=
for folder in "\${DOCKER_CONFIG:-$HOME/.docker}" /usr/local/lib/docker /usr/local/libexec/docker /usr/lib/docker /usr/libexec/docker; do
  plugin=$folder/cli-plugins/docker-compose
  [ -x "$plugin" ] || continue
  command -v docker >/dev/null 2>&1 && version=$("$plugin" version --short 2>/dev/null)
  break
done
case $version in
  [v0-9]*) printf '%s\\n' "$version" ;;
  *) docker compose version --short 2>/dev/null || echo none ;;
esac
id -u; id -un; id -Gn
`;

export type HostOffers = { compose: string | null; rungs: Rung[]; failure: Failure | null };

/** The rungs `compose` and `rights` from what `hostScript` printed; with a failure, what is needed is not there. */
export function parseHostOffers(output: string, target: string): HostOffers {
  const [printed = 'none', uid = '', user = '', groups = ''] = output.trim().split('\n');
  const compose = printed.replace(/^v/, '');
  const version = compose.split('.').map((part) => Number.parseInt(part, 10));
  if (printed === 'none' || version.some(Number.isNaN)) {
    return {
      compose: null,
      rungs: [{ name: 'compose', state: 'failed', detail: null }],
      failure: failure(
        'compose-missing',
        `${target} has Docker, but no compose plugin: “docker compose version” fails there.`,
      ),
    };
  }
  if (compareVersions(version, oldestCompose) < 0) {
    return {
      compose,
      rungs: [{ name: 'compose', state: 'failed', detail: `compose ${compose}` }],
      failure: failure(
        'compose-old',
        `The compose plugin of ${target} is ${compose}; Switchyard needs ${oldestCompose.join('.')} or later.`,
      ),
    };
  }
  const rights = uid === '0' ? 'root' : `${user}${groups.split(' ').includes('docker') ? ', in group docker' : ''}`;
  return {
    compose,
    rungs: [
      { name: 'compose', state: 'passed', detail: `compose ${compose}` },
      { name: 'rights', state: 'passed', detail: rights },
    ],
    failure: null,
  };
}

/** Below, equal or above zero as `a` is older, the same or newer than `b`. */
function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < 3; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
