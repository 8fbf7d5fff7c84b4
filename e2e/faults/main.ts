import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { logToStderr } from '../../build/setup/progress.ts';
import { upLab } from '../lab/lab.ts';
import { caseName, parseCase, sampleCases } from './cases.ts';
import { runCuts } from './cuts.ts';
import { runPoints } from './points.ts';
import { runPower } from './power.ts';
import { logViolations, renderReport } from './report.ts';

// npm run faults -- --points 500 --seed 1 --json: progress on standard error, the result on standard output.

const usage = `npm run faults -- [--points 500 | --cuts 1000 | --power 50 | --only CASE] [--seed 1] [--lanes 2] [--json]

  --points N   faults at so many points of jobs, spread over steps and kinds; all when N is more than there are
  --only CASE  one of them, as flip:move:effect:runner
  --list       the names of all
  --cuts N     the SSH stream cut at so many byte offsets
  --power N    the server's power cut at so many moments of a flip
  --output F   the result also as a file

SWITCHYARD_LAB names the folder of another lab than the clone's own (out/lab).
`;

const { values } = parseArgs({
  options: {
    points: { type: 'string' },
    cuts: { type: 'string' },
    power: { type: 'string' },
    only: { type: 'string', multiple: true },
    list: { type: 'boolean' },
    seed: { type: 'string' },
    lanes: { type: 'string' },
    json: { type: 'boolean' },
    output: { type: 'string' },
  },
});

const fail = (words: string): never => {
  process.stderr.write(`${words}\n${usage}`);
  process.exit(2);
};
const number = (text: string | undefined, usual: number): number => {
  const value = text === undefined ? usual : Number(text);
  return Number.isInteger(value) && value >= 1 ? value : fail(`${text} is no whole number above 0`);
};

if (values.list === true) {
  process.stdout.write(`${sampleCases(Number.POSITIVE_INFINITY, 0).map(caseName).sort().join('\n')}\n`);
  process.exit(0);
}
const only = (values.only ?? []).map((name) => parseCase(name) ?? fail(`there is no case ${name}; --list tells all`));
const seed = number(values.seed, 1);
const log = logToStderr;
const hosts = ['feather-a', 'feather-b'].slice(0, number(values.lanes, 2));
const startedMs = performance.now();
const lab = await upLab(['feather-a', 'feather-b'], { log });
const run = async () => {
  if (values.cuts !== undefined) {
    const findings = await runCuts(lab, hosts, number(values.cuts, 1000), seed, log);
    return { counted: { cuts: findings.length }, findings };
  }
  if (values.power !== undefined) {
    const findings = await runPower(lab, hosts, number(values.power, 50), seed, log);
    return { counted: { power: findings.length }, findings };
  }
  const cases = only.length > 0 ? only : sampleCases(number(values.points, 500), seed);
  const findings = await runPoints(lab, hosts, cases, seed, log);
  return { counted: { points: findings.length }, findings };
};
const { counted, findings } = await run();
logViolations(log, findings);
const result = {
  ...counted,
  ...renderReport(findings),
  seed,
  seconds: Math.round((performance.now() - startedMs) / 1000),
};
const text = values.json === true ? JSON.stringify(result) : JSON.stringify(result, null, 2);
if (values.output !== undefined) await writeFile(values.output, `${text}\n`);
process.stdout.write(`${text}\n`);
process.exit(result.violations === 0 ? 0 : 1);
