import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { logToStderr } from '../../build/setup/progress.ts';
import { upLab } from '../lab/lab.ts';
import { hostileCases } from './cases.ts';
import { playCorpus } from './play.ts';
import { renderTable } from './report.ts';

// node e2e/hostile/main.ts [--only ID ...] [--output FILE]: the corpus, or some of it, with a table of what became of each case.

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, output: { type: 'string' } } });
const only = values.only;
const cases =
  only === undefined ? hostileCases : hostileCases.filter(({ id }) => only.some((each) => id.startsWith(each)));
const folder = process.env.SWITCHYARD_LAB;
const lab = await upLab(['feather-a'], { log: logToStderr, ...(folder ? { folder } : {}) });
const played = await playCorpus(lab, 'feather-a', cases, logToStderr);
const text = renderTable(played);
if (values.output !== undefined) await writeFile(values.output, text);
process.stdout.write(text);
process.exit(played.verdicts.some(({ complaints }) => complaints.length > 0) || played.honest.length > 0 ? 1 : 0);
