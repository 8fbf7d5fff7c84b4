import { describe, expect, it } from 'vitest';
import { yamlComposeText } from '../../adapters/compose-text/yaml-compose-text.ts';
import { renderAssignments } from '../../core/command.ts';
import { composeConfigSchema } from '../../core/compose-config.ts';
import type { DockerFacts } from '../../core/docker-facts.ts';
import { renderRelease, tokens } from '../../core/release.ts';
import {
  composed,
  digest,
  dockerFacts,
  releaseFile,
  serverState,
  serviceRecord,
  slotOf,
} from '../../testkit/engine/facts.ts';
import { endedMark, namedKit } from '../../testkit/engine/fake-host.ts';
import type { JobFile } from '../ports/archive.ts';
import type { Shell } from '../ports/shell.ts';
import { endLine } from '../whole-answer.ts';
import { takeIn } from './take-in.ts';

const folder = '/srv/shop';
const root = `${folder}/.switchyard`;
const kit = { ...namedKit, 'take-in.sh': 'take-in.sh' };

const config = composeConfigSchema.parse({
  name: 'shop',
  services: {
    frontend: {
      image: 'registry.lan/shop/frontend:1.0.0',
      environment: { TOKEN: 'a-secret-of-theirs' },
      ports: [{ target: 3000, published: '80' }],
      depends_on: { backend: {} },
    },
  },
});

const docker: DockerFacts = dockerFacts([
  composed('shop', 'frontend', {
    mounts: [
      {
        kind: 'bind',
        name: null,
        source: `${root}/frontend/entry`,
        target: '/usr/local/etc/haproxy',
        readOnly: false,
      },
    ],
  }),
  slotOf('blue', '0001', { imageId: digest('1') }),
]);

const release = renderRelease(config, 'frontend', 'shop--frontend', folder)
  .replaceAll(tokens.container, 'shop--frontend--blue')
  .replaceAll(tokens.release, '0001')
  .replaceAll(tokens.slot, 'blue')
  .replaceAll(tokens.image, 'switchyard/shop--frontend:r0001');

/** What the server prints of a found stack. */
const found = (compose: string, more = '') => {
  const file = (path: string, text: string) =>
    `\u0001file ${path}\n${text.replace(/\n$/, '').replaceAll(/^/gm, '\u0002')}\n`;
  return `\u0001seen\n\u0001service frontend\n\u0001role frontend current 0001\n${file(
    `${root}/frontend/service.json`,
    JSON.stringify(serviceRecord()),
  )}${file(`${root}/frontend/entry/live.map`, 'live blue-settled\n')}${file(
    `${root}/frontend/releases/0001/release.json`,
    JSON.stringify(releaseFile(1, 'blue')),
  )}${file(`${root}/frontend/releases/0001/compose.yaml`, compose)}${more}\u0001end\n`;
};

/** Takes in what a server prints; what was sent there, by path. */
async function take(printed: string, facts = docker, answer = 'switchyard-taken-in\n') {
  const sent = new Map<string, string>();
  const commands: string[] = [];
  const read = `\u0001user\n1000:1000\n\u0001writable\nyes\n\u0001compose\n${folder}/compose.yaml\n\u0001text\n.\n\u0001override\n\n\u0001hashed\n\n\u0001hash\n\n\u0001config\n${JSON.stringify(config)}\n`;
  const shell: Shell = {
    run: async (command, options) => {
      commands.push(command);
      const stdout =
        options?.stdin !== undefined
          ? answer
          : command.includes('docker inspect --type')
            ? '[]'
            : command.includes('COMPOSE_EXPERIMENTAL_GIT_REMOTE=0')
              ? `${read}${command.includes(endedMark) ? `\n${endLine}\n` : ''}`
              : printed;
      return { code: 0, signal: null, stderr: '', stdout };
    },
    follow: () => Promise.reject(new Error('not here')),
  };
  const archive = {
    pack: async (files: JobFile[]) => {
      for (const { path, text } of files) sent.set(path, text);
      return new Uint8Array();
    },
  };
  const learned: unknown[] = [];
  const parts = { archive, composeText: yamlComposeText, kit, learn: (each: unknown) => learned.push(each) };
  const taken = await takeIn(shell, facts, '/home/ada/.local/state/switchyard', folder, parts, []);
  return { taken, sent, commands, learned };
}

describe('a found stack that is rendered anew', () => {
  it('HS8 is what it was where nothing was added to it', async () => {
    const { taken, sent, learned } = await take(found(release));
    expect(taken).toEqual({ folder, project: 'shop', word: 'taken-in', why: [], soon: false });
    expect(sent.get('frontend/releases/0001/compose.yaml')).toBe(release);
    expect(sent.get('tags')).toBe(`${digest('1')} switchyard/shop--frontend:r0001\n`);
    expect(JSON.parse(sent.get('frontend/service.json') ?? '')).toEqual(serviceRecord());
    // There is no override, so that what compose would load is told as gone.
    expect(sent.get('override.sha256')).toBe(`${'0'.repeat(64)}\n`);
    expect([...sent.keys()].filter((path) => path.startsWith('jobs/'))).toEqual([]);
    expect(learned).toEqual([config]);
  });

  it('HS8 has no privilege and no host folder that compose.yaml and the container do not both have', async () => {
    const tampered = release.replace(
      '    pull_policy: never\n',
      '    pull_policy: never\n    privileged: true\n    pid: host\n    cap_add: [SYS_ADMIN]\n    volumes:\n      - { type: bind, source: /, target: /host }\n    x-more: 1\n',
    );
    expect(tampered).not.toBe(release);
    const { taken, sent } = await take(found(tampered));
    expect(sent.get('frontend/releases/0001/compose.yaml')).toBe(release);
    expect(taken?.why).toHaveLength(5);
    expect(taken?.why.join(' ')).toMatch(/privileged.*pid.*SYS_ADMIN/);
  });

  it('HS8 one whose compose.yaml is no release has none, and that is said', async () => {
    const { taken, sent } = await take(found('include: [https://127.0.0.1/x.git]\n'));
    expect([...sent.keys()]).not.toContain('frontend/releases/0001/compose.yaml');
    expect(taken?.why).toEqual([expect.stringContaining('cannot be read')]);
  });

  it('HS7 HS9 a job goes on by our scripts, with what says who and where it is from us', async () => {
    const job = renderAssignments({
      STACK: 'shop',
      SERVICE: 'frontend',
      BY: 'ada@laptop',
      PROJECT_DIR: folder,
      SVC: 'frontend',
      ENTRY: 'victim',
      SLOT_PREFIX: 'victim',
      CHECKS: 'command\tid',
      ENTRY_IMAGE: 'evil',
      TARGET_ROLE: 'previous',
      ROOT: root,
      JOB: 'j1',
      VERB: 'retire',
    });
    const framed = `\u0001job j1 no\n\u0001file ${root}/jobs/j1/job.sh\n${job.replace(/\n$/, '').replaceAll(/^/gm, '\u0002')}\n`;
    const { sent } = await take(found(release, framed));
    const text = sent.get('jobs/j1/job.sh') ?? '';
    expect(text).toContain("ENTRY='shop-frontend-1'\n");
    expect(text).toContain("TARGET_ROLE='previous'\n");
    expect(text).toMatch(
      /HOME_STATE='\/home\/ada\/\.local\/state\/switchyard\/stacks\/shop-\w{8}'\nJOB='j1'\nVERB='retire'\n$/,
    );
    expect(text).not.toMatch(/victim|evil|command/);
    expect([...sent.keys()].filter((path) => path.startsWith('jobs/'))).toEqual([
      'jobs/j1/job.sh',
      'jobs/j1/kit.sh',
      'jobs/j1/run.sh',
      'jobs/j1/pid',
    ]);
  });
});

describe('a found folder that is not taken in', () => {
  it('HS6 without an entry point of ours, or of several projects, is not even read', async () => {
    const stranger = composed('other', 'x', { folder });
    for (const facts of [
      dockerFacts([composed('shop', 'frontend')]),
      { ...docker, containers: [...docker.containers, stranger] },
    ]) {
      const { taken, commands } = await take(found(release), facts);
      expect([taken, commands]).toEqual([null, []]);
    }
  });

  it('HS6 cut short, or refused by the server, waits and says why', async () => {
    const cut = await take(found(release).slice(0, -3));
    expect([cut.taken?.word, cut.taken?.soon, cut.sent.size]).toEqual(['waits', true, 0]);
    const busy = await take(found(release), docker, 'switchyard-refused busy\n');
    expect([busy.taken?.word, busy.taken?.soon]).toEqual(['waits', true]);
  });

  it('HS6 whose project the home state knows elsewhere stays as it is', async () => {
    const parts = {
      archive: { pack: () => Promise.reject(new Error('not here')) },
      composeText: yamlComposeText,
      kit,
      learn: () => {},
    };
    const shell: Shell = {
      run: () => Promise.reject(new Error('not here')),
      follow: () => Promise.reject(new Error('not here')),
    };
    const known = [serverState([], { folder: '/srv/elsewhere' })];
    expect(await takeIn(shell, docker, '/home/ada/.local/state/switchyard', folder, parts, known)).toMatchObject({
      word: 'left',
      why: ['The home state knows shop in /srv/elsewhere.'],
    });
  });
});
