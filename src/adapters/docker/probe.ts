import { type Failure, failure } from '../../core/failure.ts';
import { failed, ok, type Result } from '../../core/result.ts';

/** Where Docker's API listens on a host. */
export type DockerEndpoint = { kind: 'socket'; path: string } | { kind: 'address'; host: string; port: number };

/** What the host says of its Docker, in one go. */
export type ProbeFacts = {
  /** DOCKER_HOST or the current context's endpoint, when one is set. */
  configured: string | null;
  sockets: { path: string; usable: boolean }[];
  hasCommand: boolean;
  user: string;
};

/** Where an engine listens when nothing says otherwise. Tried while the host is still being asked. */
export const usualSocket = '/var/run/docker.sock';

/**
 * One line for any login shell (sh, bash, zsh, fish, csh): single quotes around, none and no backslash inside. It reads
 * and never changes anything. On most hosts it starts no other program: connecting waits for it. The docker command is
 * run only where a context is chosen, since it takes 50 ms.
 */
export const probeCommand = `sh -c '${[
  'h=; echo switchyard-probe; echo "user $USER";',
  'PATH="$PATH:/usr/local/bin:/usr/bin:/snap/bin:/opt/bin:/var/packages/ContainerManager/target/usr/bin";',
  'f="$HOME/.docker/config.json";',
  'if [ -n "$DOCKER_HOST" ]; then h="$DOCKER_HOST";',
  'elif [ -n "$DOCKER_CONTEXT" ] || { [ -r "$f" ] && grep -q currentContext "$f"; }; then',
  'h=$(docker context inspect --format "{{.Endpoints.docker.Host}}" 2>/dev/null); fi;',
  '[ -n "$h" ] && echo "configured $h";',
  // Another user's folder in /run/user cannot be looked into, so that what is found there is this user's.
  `for p in "\${h#unix://}" ${usualSocket} /run/docker.sock "$XDG_RUNTIME_DIR/docker.sock" /run/user/*/docker.sock`,
  '"$HOME/.docker/run/docker.sock" /run/user/*/podman/podman.sock /run/podman/podman.sock; do',
  'if [ -S "$p" ]; then if [ -r "$p" ] && [ -w "$p" ]; then echo "usable $p"; else echo "closed $p"; fi; fi; done;',
  'for c in docker podman; do command -v $c >/dev/null 2>&1 && echo command; done; echo end',
].join(' ')}'`;

/** Reads what the probe printed. Null when it did not run: there is no shell that could. `cut`: it ran, and not to its end. Pure. */
export function parseProbe(output: string): ProbeFacts | 'cut' | null {
  const lines = output.split('\n').map((each) => each.trim());
  const start = lines.indexOf('switchyard-probe');
  if (start < 0) return null;
  if (!lines.includes('end', start)) return 'cut';
  const facts: ProbeFacts = { configured: null, sockets: [], hasCommand: false, user: '' };
  for (const line of lines.slice(start + 1)) {
    const [word = '', ...others] = line.split(' ');
    const rest = others.join(' ');
    if (word === 'user') facts.user = rest;
    else if (word === 'configured' && rest !== '') facts.configured = rest;
    else if ((word === 'usable' || word === 'closed') && !facts.sockets.some((each) => each.path === rest)) {
      facts.sockets.push({ path: rest, usable: word === 'usable' });
    } else if (word === 'command') facts.hasCommand = true;
  }
  return facts;
}

/** Which endpoint to use, or why there is none. What the operator configured wins, also when it is not usable. Pure. */
export function chooseEndpoint(facts: ProbeFacts, words: string): Result<DockerEndpoint> {
  if (facts.configured !== null) return configuredEndpoint(facts.configured, facts, words);
  const usable = facts.sockets.find((each) => each.usable);
  if (usable) return ok({ kind: 'socket', path: usable.path });
  const closed = facts.sockets[0];
  if (closed) return failed(forbidden(closed.path, facts, words));
  return failed(
    facts.hasCommand
      ? failure(
          'docker-stopped',
          `Docker is installed on ${words}, but its engine is not running: there is no socket.`,
          {
            transient: true,
          },
        )
      : failure('docker-missing', `There is no Docker on ${words}.`),
  );
}

function configuredEndpoint(configured: string, facts: ProbeFacts, words: string): Result<DockerEndpoint> {
  const socket = /^unix:\/\/(\/.+)$/.exec(configured)?.[1];
  if (socket !== undefined) {
    const found = facts.sockets.find((each) => each.path === socket);
    if (found) return found.usable ? ok({ kind: 'socket', path: socket }) : failed(forbidden(socket, facts, words));
    return failed(
      failure('docker-stopped', `Docker on ${words} is configured to be at ${socket}, but there is no socket.`, {
        detail: configured,
        transient: true,
      }),
    );
  }
  const address = /^(?:tcp|http):\/\/(\[[^\]]+\]|[^:/]+):(\d+)\/?$/.exec(configured);
  const port = Number(address?.[2]);
  if (address?.[1] !== undefined && port > 0 && port < 65536 && port !== 2376) {
    return ok({ kind: 'address', host: address[1].replace(/^\[|\]$/g, ''), port });
  }
  return failed(
    failure(
      'docker-missing',
      `Docker on ${words} is configured to be at ${configured}, which cannot be used from here.`,
      {
        detail: configured,
      },
    ),
  );
}

const forbidden = (path: string, facts: ProbeFacts, words: string): Failure =>
  failure(
    'docker-forbidden',
    `The user ${facts.user || 'of this login'} may not use Docker’s socket ${path} on ${words}.`,
    {
      detail: path,
    },
  );
