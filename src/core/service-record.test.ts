import { describe, expect, it } from 'vitest';
import { serviceRecord, serviceState } from '../testkit/engine/facts.ts';
import { parseServerStates } from './server-state.ts';
import { damageFindings, explainDamage, readServiceRecord } from './service-record.ts';

const good = serviceRecord();
const text = `${JSON.stringify(good, null, 2)}\n`;
const lineOf = (part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;

describe('TO5 the settings of a service', () => {
  it('count as they are written while they are whole', () => {
    const edited = text.replace('"readySeconds": 120', '"readySeconds": 30');
    expect(readServiceRecord(edited, good)).toEqual({ record: serviceRecord({ readySeconds: 30 }), damage: null });
    expect(readServiceRecord(text, null)).toEqual({ record: good, damage: null });
  });

  it.each([
    [
      'one quote is missing',
      text.replace('"shop"', '"shop'),
      lineOf('"stack"'),
      'a text that begins here has no closing quote',
    ],
    [
      'a comma is missing',
      text.replace('"readySeconds": 120,', '"readySeconds": 120'),
      lineOf('"readySeconds"'),
      'a comma or “}” is wanted before “"”',
    ],
    [
      'it was cut short',
      text.slice(0, -20),
      text.slice(0, -20).split('\n').length,
      'the file ends where a name in quotes is wanted',
    ],
    ['it is empty', '', 1, 'the file ends where a value is wanted'],
    [
      'a number is a text',
      text.replace('"watchSeconds": 300', '"watchSeconds": "300"'),
      lineOf('"watchSeconds"'),
      'watchSeconds cannot be that: expected number, received string',
    ],
    [
      'a field of a check is wrong',
      text.replace('"/healthz"', '"healthz"'),
      lineOf('"/healthz"'),
      'checks[0].path cannot be that: a path starts with / and has no spaces',
    ],
    ['a field is missing', text.replace(/^ *"readySeconds".*\n/m, ''), 1, 'readySeconds is missing'],
    [
      'a field of a check is missing',
      text.replace(/^ *"path".*\n/m, ''),
      lineOf('"kind": "http",\n      "port"') - 1,
      'checks[0].path is missing',
    ],
    [
      'it is of another version',
      text.replace('"version": 1', '"version": 2'),
      lineOf('"version"'),
      'version cannot be that: expected 1',
    ],
    ['it is a list', '[]', 1, 'cannot be that: expected object, received array'],
    [
      'it is another service’s',
      text.replace('"service": "frontend"', '"service": "backend"'),
      lineOf('"service"'),
      'service is another one than frontend',
    ],
  ])('are those of before where %s, and the line is said', (_name, damaged, line, why) => {
    expect(readServiceRecord(damaged, good)).toEqual({ record: good, damage: { line, why } });
  });

  it('are none where none were known before', () => {
    expect(readServiceRecord('{', null)).toMatchObject({ record: null, damage: { line: 1 } });
  });

  it('are told in one sentence, with the file and the line', () => {
    const path = '/srv/shop/.switchyard/frontend/service.json';
    const recordDamage = { path, line: 7, why: 'a colon is wanted before “x”' };
    const said = 'service.json of frontend, line 7: a colon is wanted before “x”; the settings of before count.';
    expect(explainDamage('frontend', recordDamage)).toBe(said);
    expect(explainDamage('frontend', { path, line: null, why: 'It is gone.' })).toBe(
      'service.json of frontend: It is gone; the settings of before count.',
    );
    expect(damageFindings(serviceState({ recordDamage }))).toEqual([
      { level: 'warning', title: 'Its settings cannot be read', text: `${said} The file is ${path}.` },
    ]);
    expect(damageFindings(serviceState())).toEqual([]);
  });

  it('of before are what the state of the service goes by, so that it stays on the map as what it is', () => {
    const root = '/srv/shop/.switchyard';
    const path = `${root}/frontend/service.json`;
    const output = [
      `\u0001root ${root}`,
      '\u0001stack /home/ada/state/shop',
      '\u0001file /home/ada/state/shop/frontend/service.json',
      `\u0002${JSON.stringify(good)}`,
      `\u0001file ${path}`,
      ...text
        .replace('"shop"', '"shop')
        .split('\n')
        .map((line) => `\u0002${line}`),
      '\u0001end\n',
    ].join('\n');
    const [state] = parseServerStates(output);
    expect(state).toMatchObject({
      damaged: [],
      services: [
        { record: good, recordDamage: { path, line: lineOf('"stack"'), why: expect.stringContaining('quote') } },
      ],
    });
  });
});
