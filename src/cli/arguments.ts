import { parseArgs } from 'node:util';
import type { VerbOptions } from '../core/job.ts';
import type { ValuesTold } from '../core/plan.ts';

export const commands = [
  'map',
  'plan',
  'adopt',
  'deploy',
  'preview',
  'flip',
  'confirm',
  'rollback',
  'retire',
  'mend',
  'eject',
  'releases',
  'compare',
  'jobs',
  'log',
  'stop',
  'logs',
] as const;

export type Command = (typeof commands)[number];

export type Invocation = {
  command: Command;
  target: string;
  service: { stack: string; service: string } | null;
  /** The job to stop, or whose output is asked for. */
  job: string | null;
  /** What follows the service: release numbers of `compare`. */
  rest: string[];
  options: VerbOptions;
  sshConfigPath: string | undefined;
  json: boolean;
  follow: boolean;
  slot: 'blue' | 'green' | undefined;
  /** Whether `plan` and `compare` tell what an environment says. */
  values: ValuesTold;
};

export const usage = `usage: switchyard VERB TARGET [STACK/SERVICE] [options]

TARGET is what you would type after ssh (an alias, host, user@host:port), or "this machine".

  map       TARGET                       stacks, services, slots, what can be flipped
  plan      TARGET STACK/SERVICE         what adopting (or deploying) would do; changes nothing   [--show-values]
  adopt     TARGET STACK/SERVICE         put the entry point in front    [--port N] [--check-path /PATH] [--share-volumes]
  deploy    TARGET STACK/SERVICE         prepare next                    [--image REF] [--release N] [--replace]
                                         [--again: also what went back or did not get ready before]
  preview   TARGET STACK/SERVICE         open a local port to next until Ctrl-C   [--slot blue|green]
  flip      TARGET STACK/SERVICE         move the traffic to next        [--watch MINUTES] [--follow: until the watch ends]
                                         [--confirm-within MINUTES: goes back unless confirmed]
  confirm   TARGET STACK/SERVICE         keep a flip that waits to be confirmed
  rollback  TARGET STACK/SERVICE         move it back to previous
  retire    TARGET STACK/SERVICE         stop next or previous           [--role next|previous]
  mend      TARGET STACK/SERVICE         what is down runs again as it was adopted; nothing is lost by it
  eject     TARGET STACK/SERVICE         plain compose again, running what is live
  releases  TARGET STACK/SERVICE         the numbered history
  compare   TARGET STACK/SERVICE N M     what differs between two releases   [--show-values]
  jobs      TARGET                       what runs and what ran          [--follow]
  log       TARGET JOB                   the whole output of a job
  stop      TARGET JOB                   stop a running job: it undoes what it began; waits for its end
  logs      TARGET STACK/SERVICE         both slots                      [--follow]

  --show-values  also what environments say: without it, no value of one is printed, nor put in a document
A verb that wants what another job holds waits for its end, and begins then; rollback never waits.
  --no-wait refuse at once instead (exit 11)

  -F FILE   an ssh config to use instead of ~/.ssh/config
  --json    one JSON document on standard output; with --follow one a line

exit codes: 0 completed, 10 went back, 11 refused (nothing changed), 12 aborted (undone, or next did not
            get ready; the traffic stays), 13 not known yet, 2 usage, 1 a mistake of Switchyard`;

/** The command line as data, or the sentence that says what is wrong with it. */
export function parseInvocation(argv: string[]): Invocation | { wrong: string } {
  let parsed: ReturnType<typeof read>;
  try {
    parsed = read(argv);
  } catch (caught) {
    return { wrong: caught instanceof Error ? caught.message : String(caught) };
  }
  const { values, positionals } = parsed;
  const [verb, target, name, ...rest] = positionals;
  const command = commands.find((each) => each === verb);
  if (command === undefined) return { wrong: verb === undefined ? 'Say a verb.' : `There is no verb “${verb}”.` };
  if (target === undefined) return { wrong: `Say which host: switchyard ${command} TARGET.` };
  const isOfJob = command === 'stop' || command === 'log';
  const whole = command === 'map' || command === 'jobs' || isOfJob;
  const found = name === undefined ? null : /^([^/]+)\/([^/]+)$/.exec(name);
  if (isOfJob && !/^[\w-]+$/.test(name ?? ''))
    return { wrong: `Say which job: switchyard ${command} ${target} JOB. The list of jobs has their ids.` };
  if (!whole && found === null) return { wrong: `Say which service: switchyard ${command} ${target} STACK/SERVICE.` };
  const numbers = {
    port: number(values.port),
    release: number(values.release),
    watchMinutes: number(values.watch),
    confirmMinutes: number(values['confirm-within']),
  };
  for (const [option, value] of Object.entries(numbers)) {
    if (Number.isNaN(value)) return { wrong: `--${optionNames[option] ?? option} takes a number.` };
  }
  if (numbers.confirmMinutes !== undefined) {
    if (command !== 'flip') return { wrong: '--confirm-within belongs to flip.' };
    if (numbers.watchMinutes !== undefined)
      return { wrong: 'Say --confirm-within or --watch: until it is confirmed, the flip is watched.' };
    if (!(numbers.confirmMinutes > 0 && numbers.confirmMinutes <= 1440))
      return { wrong: '--confirm-within takes minutes, from above 0 to 1440.' };
  }
  if (values['show-values'] === true && command !== 'plan' && command !== 'compare')
    return { wrong: '--show-values belongs to plan and compare.' };
  if (values.role !== undefined && values.role !== 'next' && values.role !== 'previous')
    return { wrong: '--role is next or previous.' };
  if (values.slot !== undefined && values.slot !== 'blue' && values.slot !== 'green')
    return { wrong: '--slot is blue or green.' };
  return {
    command,
    target,
    service: found === null ? null : { stack: found[1] ?? '', service: found[2] ?? '' },
    job: isOfJob ? (name ?? null) : null,
    rest,
    options: {
      ...numbers,
      checkPath: values['check-path'],
      image: values.image,
      role: values.role,
      shareVolumes: values['share-volumes'],
      replace: values.replace,
      again: values.again,
      noWait: values['no-wait'],
    },
    sshConfigPath: values.F,
    json: values.json ?? false,
    follow: values.follow ?? false,
    slot: values.slot,
    values: values['show-values'] === true ? 'shown' : 'hidden',
  };
}

const optionNames: Record<string, string> = { watchMinutes: 'watch', confirmMinutes: 'confirm-within' };

const number = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : text.trim() === '' ? Number.NaN : Number(text);

const read = (argv: string[]) =>
  parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      F: { type: 'string', short: 'F' },
      json: { type: 'boolean' },
      port: { type: 'string' },
      'check-path': { type: 'string' },
      'share-volumes': { type: 'boolean' },
      image: { type: 'string' },
      release: { type: 'string' },
      replace: { type: 'boolean' },
      again: { type: 'boolean' },
      'no-wait': { type: 'boolean' },
      watch: { type: 'string' },
      'confirm-within': { type: 'string' },
      role: { type: 'string' },
      slot: { type: 'string' },
      'show-values': { type: 'boolean' },
      follow: { type: 'boolean' },
    },
  });
