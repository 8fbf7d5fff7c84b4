// A service that tells all that it was given, as programs do in their last breath. What it does is said by MODE.
import { createServer } from 'node:http';

const mode = process.env.MODE ?? 'serves';
const given = Object.entries(process.env)
  .filter(([name]) => name !== 'SPOKEN' && name !== 'SHORT')
  .map(([, value]) => value);
const everything = [
  ...given,
  ...process.argv.slice(2),
  ...JSON.parse(Buffer.from(process.env.SPOKEN ?? 'W10=', 'base64').toString()),
  ...given.map((value) => JSON.stringify(value)),
  ...given.map((value) => encodeURIComponent(value)),
];
/** In lines that a job reads whole: it tells 1,800 bytes. */
const lastWords = () => {
  console.error(everything.join('\n'));
  console.error(`fatal: ${everything.map((each) => each.replaceAll('\n', ' ')).join(' ')}`);
};

if (mode === 'exits') {
  lastWords();
  process.exit(3);
}
let well = mode !== 'is-sick';
createServer((request, answer) => {
  if (request.url === '/fall') well = false;
  answer.statusCode = well ? 200 : 500;
  answer.end(well ? 'well' : everything.join(' '));
}).listen(3000);
process.on('SIGTERM', () => process.exit(0));
