import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../testkit/eventually.ts';
import { renderScript } from './command.ts';
import { blockIn, followFilesScript, parseStackFiles, replaceBlock, stackFilesScript } from './stack-files.ts';

const block = ['# switchyard begin frontend', 'frontend:', '  image: haproxy:3.0', '# switchyard end frontend'];
const override = (indent = '  '): string =>
  ['services:', ...block.map((line) => `${indent}${line}`), '  mine:', '    image: x', ''].join('\n');

describe('DN4 our lines in an override', () => {
  it('are told by their marks, whatever they are indented by', () => {
    expect(blockIn(override(), 'frontend')).toBe(block.join('\n'));
    expect(blockIn(override('      '), 'frontend')).toBe(block.join('\n'));
    expect(blockIn(override(), 'front')).toBeNull();
    expect(blockIn('services:\n  # switchyard end frontend\n  # switchyard begin frontend\n', 'frontend')).toBeNull();
  });

  it('a line that left the indent is a change', () => {
    expect(blockIn(override().replace('    image: haproxy', ' image: haproxy'), 'frontend')).not.toBe(block.join('\n'));
  });

  it('are put in the place of what is between the marks, and every other byte stays', () => {
    const changed = override('    ').replace('haproxy:3.0', 'nginx:1\n          ports: []');
    expect(replaceBlock(changed, 'frontend', block.join('\n'))).toEqual({ ok: true, value: override('    ') });
    expect(replaceBlock('services: {}\n', 'frontend', 'x')).toMatchObject({ ok: false });
  });
});

describe('DN3 the files of a stack', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), `switchyard files $(id) '"-`));
    mkdirSync(path.join(folder, '.switchyard/web/entry'), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
  const read = (...folders: string[]) =>
    parseStackFiles(
      execFileSync('sh', ['-c', renderScript(stackFilesScript, folders.length > 0 ? folders : [folder])], {
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
      }),
    );

  it('are read as text, of every kind of name', () => {
    write('compose.yaml', 'services:\n  web: {}\n');
    write('docker-compose.yml', 'not this one\n');
    write('docker-compose.override.yml', 'services: {}');
    write('.switchyard/web/entry/haproxy.cfg', 'global\n');
    expect(read('/nowhere', folder)).toEqual(
      new Map([
        [
          folder,
          {
            folder,
            compose: { path: `${folder}/compose.yaml`, text: 'services:\n  web: {}\n' },
            override: { path: `${folder}/docker-compose.override.yml`, text: 'services: {}\n' },
          },
        ],
      ]),
    );
  });

  it('that are too large, a device, a pipe or a folder are none', () => {
    write('compose.yaml', `# ${'x'.repeat(1024 * 1024)}\n`);
    symlinkSync('/dev/zero', path.join(folder, 'compose.yml'));
    execFileSync('mkfifo', [path.join(folder, 'docker-compose.yml')]);
    mkdirSync(path.join(folder, 'docker-compose.yaml'));
    expect(read().get(folder)?.compose).toBeNull();
  });

  it('behind a link are read where it leads', () => {
    write('real.yaml', 'services: {}\n');
    symlinkSync('real.yaml', path.join(folder, 'compose.yaml'));
    expect(read().get(folder)?.compose?.text).toBe('services: {}\n');
  });

  it('a line of theirs that looks like one of our own frames is theirs', () => {
    write('compose.yaml', '\u0001folder /elsewhere\n\u0001file /etc/passwd\n');
    expect([...read().keys()]).toEqual([folder]);
    expect(read().get(folder)?.compose?.text).toBe('\u0001folder /elsewhere\n\u0001file /etc/passwd\n');
  });

  it('DN4 are looked at every three seconds, and only what changed is told', { timeout: 40_000 }, async () => {
    write('compose.yaml', 'services: {}\n');
    write('.switchyard/web/service.json', '{}');
    const child = spawn('sh', ['-c', renderScript(followFilesScript, [folder])]);
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    const count = () => said.split('changed').length - 1;
    const changes = async (what: string, change: () => void) => {
      const before = count();
      change();
      await eventually(`${what} is told`, () => count() === before + 1, 8_000);
    };
    try {
      await eventually('the first look is told', () => count() === 1, 8_000);
      await changes('a change of compose.yaml', () => write('compose.yaml', 'services: {a: {}}\n'));
      await changes('a new override', () => write('compose.override.yaml', 'services: {}\n'));
      await changes('a deleted record', () => rmSync(path.join(folder, '.switchyard/web/service.json')));
      await changes('a deleted state folder', () => rmSync(path.join(folder, '.switchyard'), { recursive: true }));
    } finally {
      child.kill('SIGKILL');
    }
  });
});
