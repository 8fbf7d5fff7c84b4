import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../setup/command.ts';
import { repositoryFolder } from '../setup/folders.ts';

// The layer table of the house, proven on a copy of the sources: a forbidden import is planted and the build is seen to
// fail at it, by name; without it the same build passes.

/** What each layer may not import: the line, and the name that the compiler must complain about. */
const forbidden: Record<string, [statement: string, name: string][]> = {
  core: [
    [`import type { Session } from '../engine/session.ts';\nexport type Planted = Session;`, 'engine/session.ts'],
    [
      `import type { Channels } from '../contract/channels.ts';\nexport type Planted = Channels;`,
      'contract/channels.ts',
    ],
    [`import { readFileSync } from 'node:fs';\nexport const planted = readFileSync;`, 'node:fs'],
    [`export const planted = process.env;`, 'process'],
    [`export const planted = document.title;`, 'document'],
    [`export const planted = setTimeout;`, 'setTimeout'],
  ],
  contract: [
    [`import type { Session } from '../engine/session.ts';\nexport type Planted = Session;`, 'engine/session.ts'],
    [
      `import { createSession } from '../wiring/session.ts';\nexport const planted = createSession;`,
      'wiring/session.ts',
    ],
    [`import { join } from 'node:path';\nexport const planted = join;`, 'node:path'],
    [`export const planted = window.name;`, 'window'],
  ],
  engine: [
    [
      `import { tarArchive } from '../adapters/archive/tar-archive.ts';\nexport const planted = tarArchive;`,
      'adapters/archive/tar-archive.ts',
    ],
    [
      `import { createSession } from '../wiring/session.ts';\nexport const planted = createSession;`,
      'wiring/session.ts',
    ],
    [`import { remedies } from '../contract/remedies.ts';\nexport const planted = remedies;`, 'contract/remedies.ts'],
    [`import { connect } from 'node:net';\nexport const planted = connect;`, 'node:net'],
    [`export const planted = Buffer.from('');`, 'Buffer'],
    [`export const planted = window.name;`, 'window'],
  ],
  adapters: [
    [
      `import { createSession } from '../wiring/session.ts';\nexport const planted = createSession;`,
      'wiring/session.ts',
    ],
    [`import { remedies } from '../contract/remedies.ts';\nexport const planted = remedies;`, 'contract/remedies.ts'],
    [
      `import { parseInvocation } from '../cli/arguments.ts';\nexport const planted = parseInvocation;`,
      'cli/arguments.ts',
    ],
    [`export const planted = document.title;`, 'document'],
  ],
  wiring: [
    [
      `import { parseInvocation } from '../cli/arguments.ts';\nexport const planted = parseInvocation;`,
      'cli/arguments.ts',
    ],
    [
      `import { createHosts } from '../main/hosts/hosts.ts';\nexport const planted = createHosts;`,
      'main/hosts/hosts.ts',
    ],
    [`import { remedies } from '../contract/remedies.ts';\nexport const planted = remedies;`, 'contract/remedies.ts'],
  ],
  cli: [
    [
      `import { createHosts } from '../main/hosts/hosts.ts';\nexport const planted = createHosts;`,
      'main/hosts/hosts.ts',
    ],
    [`import { format } from '../renderer/ui/format.ts';\nexport const planted = format;`, 'renderer/ui/format.ts'],
  ],
  preload: [
    [`import type { Session } from '../engine/session.ts';\nexport type Planted = Session;`, 'engine/session.ts'],
    [
      `import { createHosts } from '../main/hosts/hosts.ts';\nexport const planted = createHosts;`,
      'main/hosts/hosts.ts',
    ],
    [
      `import { createSession } from '../wiring/session.ts';\nexport const planted = createSession;`,
      'wiring/session.ts',
    ],
  ],
  renderer: [
    [
      `import { createHosts } from '../main/hosts/hosts.ts';\nexport const planted = createHosts;`,
      'main/hosts/hosts.ts',
    ],
    [`import type { Session } from '../engine/session.ts';\nexport type Planted = Session;`, 'engine/session.ts'],
    [
      `import { createSession } from '../wiring/session.ts';\nexport const planted = createSession;`,
      'wiring/session.ts',
    ],
    [`import { readFileSync } from 'node:fs';\nexport const planted = readFileSync;`, 'node:fs'],
  ],
  main: [
    [
      `import { parseInvocation } from '../cli/arguments.ts';\nexport const planted = parseInvocation;`,
      'cli/arguments.ts',
    ],
    [`import { format } from '../renderer/ui/format.ts';\nexport const planted = format;`, 'renderer/ui/format.ts'],
    [
      `import { createFakeSession } from '../testkit/session/fake-session.ts';\nexport const planted = createFakeSession;`,
      'testkit/session/fake-session.ts',
    ],
  ],
};

/** What the compiler cannot see, because the types are there: Biome does. File, and what is planted in it. */
const restricted: [file: string, module: string][] = [
  ['src/adapters/local/planted.ts', '../ssh/target.ts'],
  ['src/adapters/ssh/planted.ts', '../docker/probe.ts'],
  ['src/adapters/docker/planted.ts', '../../adapters/ssh/target.ts'],
  ['src/adapters/docker/planted.ts', 'ssh2'],
  ['src/adapters/ssh/planted.ts', 'dockerode'],
  ['src/adapters/local/planted.ts', 'ssh2'],
  ['src/adapters/archive/planted.ts', 'electron'],
  ['src/wiring/planted.ts', 'ssh2'],
  ['src/wiring/planted.ts', 'electron'],
  ['src/cli/planted.ts', 'electron'],
  ['src/cli/planted.ts', '../adapters/archive/tar-archive.ts'],
  ['src/cli/planted.ts', 'dockerode'],
  ['src/main/planted.ts', 'dockerode'],
  ['src/main/ipc/planted.ts', 'ssh2'],
  ['src/core/planted.ts', 'yaml'],
  ['src/contract/planted.ts', 'react'],
  ['src/engine/planted.ts', 'zod'],
  ['src/engine/ports/planted.ts', 'dockerode'],
  ['src/preload/planted.ts', 'zod'],
  ['src/renderer/bridge/planted.ts', 'electron'],
  ['src/renderer/features/map/planted.ts', '../card/card.tsx'],
  ['src/renderer/features/map/planted.ts', '../../features/card/card.tsx'],
];

/** The same places with what they may import. */
const allowed: [file: string, module: string][] = [
  ['src/adapters/ssh/planted.ts', 'ssh2'],
  ['src/adapters/docker/planted.ts', 'dockerode'],
  ['src/adapters/docker/planted.ts', '../../core/slot.ts'],
  ['src/adapters/docker/planted.ts', './probe.ts'],
  ['src/core/planted.ts', 'zod'],
  ['src/engine/ports/planted.ts', '../../core/slot.ts'],
  ['src/preload/planted.ts', 'electron'],
  ['src/main/window/planted.ts', 'electron'],
  ['src/renderer/features/map/planted.ts', '../../ui/format.ts'],
];

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

let copy = '';

beforeAll(async () => {
  // A run that was stopped could not take its copy away: the next one does.
  for (const name of await readdir(tmpdir())) {
    const pid = /^switchyard-layers-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(path.join(tmpdir(), name), { recursive: true, force: true });
  }
  copy = await mkdtemp(path.join(tmpdir(), `switchyard-layers-${process.pid}-`));
  for (const name of ['src', 'package.json', 'tsconfig.base.json', 'biome.json']) {
    await cp(path.join(repositoryFolder, name), path.join(copy, name), { recursive: true });
  }
  const biome = JSON.parse(await readFile(path.join(copy, 'biome.json'), 'utf8'));
  await writeFile(path.join(copy, 'biome.json'), JSON.stringify({ ...biome, vcs: { enabled: false } }));
  await symlink(path.join(repositoryFolder, 'node_modules'), path.join(copy, 'node_modules'), 'junction');
});

afterAll(() => rm(copy, { recursive: true, force: true }));

const tool = (name: string): string => path.join(repositoryFolder, 'node_modules', '.bin', name);

const compile = async (layer: string): Promise<{ code: number; said: string }> => {
  const { code, stdout, stderr } = await run([tool('tsc'), '-b', path.join('src', layer), '--pretty', 'false'], {
    cwd: copy,
    okCodes: [0, 1, 2],
  });
  return { code, said: stdout + stderr };
};

const lint = async (file: string): Promise<{ code: number; said: string }> => {
  const { code, stdout, stderr } = await run([tool('biome'), 'lint', '--only=style/noRestrictedImports', file], {
    cwd: copy,
    okCodes: [0, 1],
  });
  return { code, said: stdout + stderr };
};

describe('a layer that imports what it may not does not compile', () => {
  it.each(Object.keys(forbidden))('%s', async (layer) => {
    expect(await compile(layer)).toEqual({ code: 0, said: '' });
    // Names of the platform on their own: an import of another layer would bring its types along.
    const all = forbidden[layer] ?? [];
    const crossing = all.filter(([, name]) => name.includes('/'));
    for (const batch of [crossing, all.filter((each) => !crossing.includes(each))]) {
      const planted = batch.map(([statement, name], index) => ({ statement, name, file: `planted-${index}.ts` }));
      const place = (file: string) => path.join(copy, 'src', layer, file);
      for (const { file, statement } of planted) await writeFile(place(file), `${statement}\n`);
      const { code, said } = await compile(layer);
      for (const { file } of planted) await rm(place(file));
      const complaints = planted.map(({ file, name }) => ({
        name,
        refused: said.split(/\n(?=\S)/).some((line) => line.includes(`${layer}/${file}`) && line.includes(name)),
      }));
      expect(complaints, said).toEqual(planted.map(({ name }) => ({ name, refused: true })));
      expect(code === 0).toBe(planted.length === 0);
    }
  });

  it('every layer has what it may not import', async () => {
    const { stdout } = await run(['ls', path.join(copy, 'src')]);
    expect(Object.keys(forbidden).sort()).toEqual(
      stdout
        .trim()
        .split('\n')
        .filter((name) => name !== 'testkit')
        .sort(),
    );
  });
});

describe('what the compiler lets through is refused by Biome', () => {
  it.each(restricted)('%s imports %s', async (file, module) => {
    await writeFile(path.join(copy, file), `import '${module}';\n`);
    const { code, said } = await lint(file);
    await rm(path.join(copy, file));
    expect(said).toContain('noRestrictedImports');
    expect(code).toBe(1);
  });

  it('raw ipcMain outside of src/main/ipc', async () => {
    const text = `import { ipcMain } from 'electron';\nexport const planted = ipcMain;\n`;
    await writeFile(path.join(copy, 'src/main/window/planted.ts'), text);
    await writeFile(path.join(copy, 'src/main/ipc/planted.ts'), text);
    const outside = await lint('src/main/window/planted.ts');
    const inside = await lint('src/main/ipc/planted.ts');
    await rm(path.join(copy, 'src/main/window/planted.ts'));
    await rm(path.join(copy, 'src/main/ipc/planted.ts'));
    expect([outside.code, inside.code]).toEqual([1, 0]);
    expect(outside.said).toContain('Raw ipcMain is used in src/main/ipc only.');
  });

  it.each(allowed)('while %s may import %s', async (file, module) => {
    await writeFile(path.join(copy, file), `import '${module}';\n`);
    const { code, said } = await lint(file);
    await rm(path.join(copy, file));
    expect(said).not.toContain('noRestrictedImports');
    expect(code).toBe(0);
  });
});
