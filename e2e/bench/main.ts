import { parseArgs } from 'node:util';
import { logToStderr } from '../../build/setup/progress.ts';
import { upLab } from '../lab/lab.ts';
import { connect } from './connect.ts';
import { events } from './events.ts';
import { flip } from './flip.ts';
import { idle } from './idle.ts';
import { journal } from './journal.ts';
import { races } from './races.ts';
import { rollback } from './rollback.ts';
import type { Benchmark, Setting } from './setting.ts';

// npm run bench -- NAME [--json] [--OPTION NUMBER]...: progress on standard error, the figures on standard output.

const benchmarks: Record<string, Benchmark> = { flip, rollback, connect, events, idle, races, journal };

const usage = `npm run bench -- NAME [--json] [options]

  flip      [--flips 100] [--requests 200000] [--peer-flips 20]
            requests lost and milliseconds to the last answer of the old release, beside other proxies
  rollback  [--times 20]     from the click, and from the command, to the last answer of the release that is left
  connect   [--times 20]     to a complete map of 100 containers, without and with 40 ms of round trip
  events    [--times 50]     from a container's end on the server to the changed card in the window
  idle      [--minutes 10]   what the app, and 30 settled entry points, cost while nothing happens

  races     [--races 1000] [--seed 1]
            twenty contenders for one lock, clocks a day off, holders that died; needs no Docker
  journal   [--flips 200] [--times 20]
            what the journal costs a flip, and what 20,000 records cost; needs no Docker

  --json    the figures as one line of JSON, the last line of standard output

SWITCHYARD_LAB names the folder of another lab than the clone's own (out/lab).
KAMAL_PROXY names the binary of kamal-proxy, to be measured beside the others.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    flips: { type: 'string' },
    requests: { type: 'string' },
    'peer-flips': { type: 'string' },
    times: { type: 'string' },
    minutes: { type: 'string' },
    races: { type: 'string' },
    seed: { type: 'string' },
  },
});

const benchmark = positionals.length === 1 ? benchmarks[positionals[0] ?? ''] : undefined;
if (benchmark === undefined) {
  process.stderr.write(usage);
  process.exit(2);
}

const setting: Setting = {
  log: logToStderr,
  lab: (...names) => upLab(names, { log: logToStderr }),
  number(name, usual) {
    const given = (values as Record<string, unknown>)[name];
    const value = given === undefined ? usual : Number(given);
    if (!(value > 0)) throw new Error(`--${name} is no number above 0`);
    return value;
  },
};

try {
  const figures = await benchmark(setting);
  process.stdout.write(`${values.json === true ? JSON.stringify(figures) : JSON.stringify(figures, null, 2)}\n`);
  process.exit(0);
} catch (caught) {
  process.stderr.write(`${caught instanceof Error ? (caught.stack ?? caught.message) : String(caught)}\n`);
  process.exit(1);
}
