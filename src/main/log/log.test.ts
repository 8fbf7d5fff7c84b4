import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLog } from './log.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'switchyard-log-'));

test('a private key never reaches the file', () => {
  const path = folder();
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----';
  createLog(path).error('read', new Error(`cannot parse ${key} of home`));
  const written = readFileSync(join(path, 'main.log'), 'utf8');
  expect(written).toContain('[private key]');
  expect(written).not.toContain('c2VjcmV0');
});

test('SE4 what is shaped like a secret never reaches the file', () => {
  const path = folder();
  createLog(path).error('asked', new Error('postgres://shop:hunter2@db refused --token abcdef'));
  expect(readFileSync(join(path, 'main.log'), 'utf8')).toMatch(/postgres:\/\/shop:•••@db refused --token •••/);
});

test('a log that is full becomes the one before', () => {
  const path = folder();
  const log = createLog(path, 100);
  for (let line = 0; line < 20; line += 1) log.info(`line ${line} of many`);
  expect(readdirSync(path).sort()).toEqual(['main.1.log', 'main.log']);
  expect(readFileSync(join(path, 'main.log'), 'utf8')).toContain('line 19');
});
