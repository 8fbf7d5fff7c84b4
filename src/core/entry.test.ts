import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type EntrySpec,
  explainEntryConfig,
  liveSlotOf,
  parseEntryCounters,
  parseLiveMap,
  renderEntryConfig,
} from './entry.ts';

const web: EntrySpec = {
  prefix: 'shop--frontend',
  ports: [{ port: 3000, mode: 'http' }],
  check: { path: '/healthz', low: 200, high: 399 },
  firstHop: true,
};

const two: EntrySpec = {
  prefix: 'shop--frontend',
  ports: [
    { port: 3000, mode: 'http' },
    { port: 9100, mode: 'tcp' },
  ],
  check: null,
  firstHop: false,
};

/** The lines of one section, without the indentation. */
const section = (config: string, head: string): string[] => {
  const lines = config.split('\n');
  const begin = lines.indexOf(head);
  const length = lines.slice(begin + 1).findIndex((line) => !line.startsWith('  '));
  return begin === -1 ? [] : lines.slice(begin + 1, begin + 1 + length).map((line) => line.trim());
};

describe('live.map', () => {
  it.each([
    ['live blue-watching\n', 'blue-watching'],
    ['live green-settled\n', 'green-settled'],
    ['live\tblue-settled', 'blue-settled'],
    ['# by hand\nlive green-watching\n', 'green-watching'],
    ['live hold\n', 'hold'],
    ['', null],
    ['live ', null],
    ['live red-settled', null],
    ['live blue', null],
    ['live blue-', null],
    ['live blue-settled green', null],
    ['alive blue-settled', null],
    ['live hold-on', null],
  ])('EN1 %j says %s', (text, state) => {
    expect(parseLiveMap(text)).toBe(state);
  });

  it('EN1 a hold and no decision have no live slot', () => {
    expect([liveSlotOf('green-watching'), liveSlotOf('blue-settled'), liveSlotOf('hold'), liveSlotOf(null)]).toEqual([
      'green',
      'blue',
      null,
      null,
    ]);
  });

  it('EN1 every other text of the map lets requests wait', () => {
    const frontend = section(renderEntryConfig(web), 'frontend p3000');
    expect(frontend.at(-1)).toBe('default_backend p3000_hold');
    expect(
      frontend.filter((line) => /^acl (?:live|watching)_/.test(line)).every((line) => line.includes('live.map,hold)')),
    ).toBe(true);
    expect(section(renderEntryConfig(web), 'backend p3000_hold')).toEqual([
      'mode http',
      'server hold 127.0.0.1:9',
      'server blue shop--frontend--blue:3000 disabled',
      'server green shop--frontend--green:3000 disabled',
    ]);
  });
});

describe('the configuration of an entry point', () => {
  it('EN4 is the same text for the same spec, word for word', async () => {
    await expect(renderEntryConfig(web)).toMatchFileSnapshot('testdata/entry-http.cfg');
    await expect(renderEntryConfig(two)).toMatchFileSnapshot('testdata/entry-two-ports.cfg');
    expect(renderEntryConfig(structuredClone(web))).toBe(renderEntryConfig(web));
  });

  it('EN2 while watched, the other slot is the backup and 10 wrong answers take the live one out', () => {
    expect(section(renderEntryConfig(web), 'backend p3000_green-watching')).toEqual([
      'mode http',
      'option httpchk',
      'http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host shop--frontend--green:3000 hdr User-Agent switchyard-check',
      'http-check expect status 200-399',
      'server green shop--frontend--green:3000 check observe layer7 error-limit 10 on-error mark-down',
      'server blue shop--frontend--blue:3000 track p3000_blue-watching/blue backup',
    ]);
  });

  it('EN3 once settled, a slot that is down is asked all the same, unchecked', () => {
    const config = renderEntryConfig(web);
    const rules = section(config, 'frontend p3000').filter((line) => line.startsWith('use_backend'));
    expect(rules).toEqual([
      'use_backend p3000_blue-watching if watching_blue settled_in { nbsrv(p3000_blue-watching) gt 0 }',
      'use_backend p3000_blue-settled if live_blue { nbsrv(p3000_blue-settled) gt 0 }',
      'use_backend p3000_blue-alone if live_blue',
      'use_backend p3000_green-watching if watching_green settled_in { nbsrv(p3000_green-watching) gt 0 }',
      'use_backend p3000_green-settled if live_green { nbsrv(p3000_green-settled) gt 0 }',
      'use_backend p3000_green-alone if live_green',
    ]);
    expect(section(config, 'backend p3000_blue-alone')).toEqual([
      'mode http',
      'server blue shop--frontend--blue:3000',
      'server hold 127.0.0.1:9 backup',
    ]);
    expect(section(config, 'backend p3000_blue-settled').join()).not.toContain('observe');
  });

  it('EN6 for a minute after its start nobody but the slot of live.map gets its traffic', () => {
    const config = renderEntryConfig(web);
    expect(section(config, 'global')).toContain('set-var proc.began date()');
    const frontend = section(config, 'frontend p3000');
    expect(frontend).toContain('acl settled_in date(),sub(proc.began) -m int gt 60');
    // The only backends with the other slot in them are the watched ones, and each asks for that minute.
    const watched = frontend.filter((line) => line.includes('-watching if'));
    expect(watched.map((line) => line.includes(' settled_in '))).toEqual([true, true]);
  });

  it('EN5 one server of a slot is checked, and all others track it', () => {
    const servers = renderEntryConfig(two)
      .split('\n')
      .filter((line) => /^ {2}server (?:blue|green) /.test(line));
    expect(servers.filter((line) => / check /.test(line)).map((line) => line.trim().split(' ').slice(0, 3))).toEqual([
      ['server', 'blue', 'shop--frontend--blue:3000'],
      ['server', 'green', 'shop--frontend--green:3000'],
    ]);
    expect(servers.filter((line) => / track p3000_(?:blue|green)-watching\//.test(line))).toHaveLength(10);
  });

  it('EN7 says who the client is only where nothing stands before it, and only to what speaks HTTP', () => {
    const told = (spec: EntrySpec, head: string) =>
      section(renderEntryConfig(spec), head).filter((line) => line.startsWith('http-request'));
    expect(told(web, 'frontend p3000')).toContain(
      'http-request set-header X-Forwarded-For "%[req.fhdr(X-Forwarded-For,-4)], %[req.fhdr(X-Forwarded-For,-3)], %[req.fhdr(X-Forwarded-For,-2)], %[req.fhdr(X-Forwarded-For,-1)], %[src]"',
    );
    expect(renderEntryConfig({ ...web, firstHop: false })).not.toContain('http-request set-header');
    expect(told({ ...two, firstHop: true }, 'frontend p9100')).toEqual([]);
    expect(renderEntryConfig(web)).not.toContain('forwardfor');
  });
});

describe('what is wrong with an entry point that was written earlier', () => {
  it.each([
    ['mode http\n  option forwardfor if-none\n', 1],
    ['\toption  forwardfor  header X-Client if-none # ours\n', 1],
    ['  option forwardfor\n', 0],
    ['  # option forwardfor if-none\n', 0],
    ['  option forwardfor # not if-none\n', 0],
    ['', 0],
  ])('EN8 %j has %i', (text, count) => {
    expect(explainEntryConfig(text)).toHaveLength(count);
  });

  it('EN8 is told in words with a way out, and not of what is rendered now', () => {
    expect(explainEntryConfig('  option forwardfor if-none')[0]).toMatchObject({
      level: 'warning',
      title: 'Clients can choose their address',
      text: expect.stringContaining('eject the service and adopt it again'),
    });
    expect([web, two].flatMap((spec) => explainEntryConfig(renderEntryConfig(spec)))).toEqual([]);
  });
});

describe('counters', () => {
  // What HAProxy 3.0 said of the two-port entry point above: six requests, both slots failing their checks.
  const captured = readFileSync(join(import.meta.dirname, 'testdata/show-stat.csv'), 'utf8');

  it('are read from what HAProxy really says', () => {
    expect(parseEntryCounters(captured)).toEqual({ requests: 6, errors: 0 });
  });

  it('are found by the names in the header, wherever the columns stand', () => {
    expect(
      parseEntryCounters(
        [
          '# svname,new,pxname,status,scur,hrsp_5xx,req_tot,stot,mode',
          'FRONTEND,x,p80,OPEN,3,7,100,20,http',
          'FRONTEND,x,p22,OPEN,1,,0,4,tcp',
          'blue,x,p80_blue-watching,UP,2,5,,',
          'hold,x,p80_blue-alone,no check,9,9,,',
          '',
          '',
        ].join('\n'),
      ),
    ).toEqual({ requests: 104, errors: 7 });
  });

  it('count the requests of a web port, never its connections', () => {
    const csv = '# pxname,svname,scur,status,hrsp_5xx,req_tot,stot,mode\np80,FRONTEND,1,OPEN,0,0,5,http\n\n';
    expect(parseEntryCounters(csv)?.requests).toBe(0);
  });

  it('TO2 are not known of an answer that was cut short', () => {
    const csv = '# pxname,svname,req_tot,mode\np80,FRONTEND,120,http\n\n';
    const cuts = Array.from({ length: csv.length }, (_, length) => parseEntryCounters(csv.slice(0, length)));
    expect([new Set(cuts), parseEntryCounters(csv)?.requests]).toEqual([new Set([null]), 120]);
  });

  it.each(['', 'Unknown command\n\n', '# nothing,here\n1,2\n\n'])('are null for %j', (text) => {
    expect(parseEntryCounters(text)).toBeNull();
  });
});
