import { type Play, playVerb, sessionFor } from './play.ts';

// The app, as a process of its own that ends when it is killed: node app.ts '{"target":…}', with SWITCHYARD_FAULT=step:phase:kind.

const play = JSON.parse(process.argv[2] ?? '') as Play;
const session = sessionFor(play.target, play.sshConfigPath, process.env.SWITCHYARD_FAULT);
const played = await playVerb(session, play);
process.stdout.write(`${'job' in played ? played.job.state : `refused ${played.refused}`}\n`);
