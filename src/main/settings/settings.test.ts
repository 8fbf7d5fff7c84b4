import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { setAsideDamaged } from './file.ts';
import { createSettingsKeeper } from './keeper.ts';
import { freshSettings, readSettings, type Settings } from './settings.ts';

const settings: Settings = {
  version: 1,
  hosts: [{ id: 'h1', target: 'anna@home.lan:2222', connect: true }],
  positions: { h1: { 'shop/frontend': { x: 12, y: -40 } } },
  window: { x: 10, y: 20, width: 1200, height: 800, maximized: false },
  theme: 'dark',
};

function file(content: string): { folder: string; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-settings-'));
  const path = join(folder, 'settings.json');
  writeFileSync(path, content);
  return { folder, path };
}

describe('reading', () => {
  test('what was written is read whole', () => {
    expect(readSettings(JSON.parse(JSON.stringify(settings)))).toEqual({ ok: true, value: settings });
  });

  test('an older version is carried through every step to the newest', () => {
    const { hosts: _hosts, ...rest } = settings;
    const oldest = { ...rest, version: 1, servers: ['anna@home.lan:2222'] };
    const read = readSettings(oldest, [
      ({ servers, ...others }) => ({ ...others, targets: servers }),
      ({ targets, ...others }) => ({
        ...others,
        hosts: (targets as string[]).map((target) => ({ id: 'h1', target, connect: true })),
      }),
    ]);
    expect(read).toEqual({ ok: true, value: settings });
  });

  test('a step is not taken again by a file that has it behind it', () => {
    const read = readSettings({ ...settings, version: 2 }, [
      () => {
        throw new Error('taken twice');
      },
    ]);
    expect(read).toEqual({ ok: true, value: settings });
  });

  test.each([
    ['a newer version', { ...settings, version: 2 }],
    ['no version', { ...settings, version: undefined }],
    ['a theme nobody knows', { ...settings, theme: 'pink' }],
    ['a position that is no number', { ...settings, positions: { h1: { a: { x: '1', y: 2 } } } }],
    ['a list', []],
    ['null', null],
  ])('%s is refused', (_name, content) => {
    expect(readSettings(content)).toMatchObject({ ok: false, failure: { code: 'input-invalid' } });
  });
});

describe('a damaged file', () => {
  test.each([
    ['cut short', '{"version":1,"hosts":[{"id"'],
    ['empty', ''],
    ['of another shape', '{"version":1,"hosts":"home"}'],
  ])('%s is set aside under a name that is told, and kept byte for byte', (_name, content) => {
    const { folder, path } = file(content);
    const aside = setAsideDamaged(path, Date.UTC(2026, 0, 2, 3, 4, 5));
    expect(aside).toBe(join(folder, 'settings.damaged-2026-01-02T03-04-05-000Z.json'));
    expect(readdirSync(folder)).toEqual(['settings.damaged-2026-01-02T03-04-05-000Z.json']);
    expect(readFileSync(aside ?? '', 'utf8')).toBe(content);
  });

  test('a good one stays where it is', () => {
    const { folder, path } = file(JSON.stringify(settings));
    expect(setAsideDamaged(path, 0)).toBeNull();
    expect(readdirSync(folder)).toEqual(['settings.json']);
  });

  test('none is nothing to set aside', () => {
    expect(setAsideDamaged('/nowhere/settings.json', 0)).toBeNull();
  });
});

describe('keeping', () => {
  test('an empty file gives fresh settings', () => {
    const keeper = createSettingsKeeper({ read: () => ({}), write: () => {} });
    expect(keeper.get()).toEqual(freshSettings());
  });

  test('a change is written whole before it counts', () => {
    const written: Settings[] = [];
    const keeper = createSettingsKeeper({ read: () => settings, write: (next) => void written.push(next) });
    keeper.change({ theme: 'light' });
    expect(written).toEqual([{ ...settings, theme: 'light' }]);
    expect(keeper.get()).toEqual({ ...settings, theme: 'light' });
  });

  test('a change that cannot be written leaves things as they were and says so', () => {
    const keeper = createSettingsKeeper({
      read: () => settings,
      write: () => {
        throw new Error('ENOSPC: no space left on device');
      },
    });
    expect(() => keeper.change({ theme: 'light' })).toThrow('could not be written');
    expect(keeper.get()).toEqual(settings);
  });
});
