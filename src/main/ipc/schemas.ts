import { z } from 'zod';
import type { CallName, Calls } from '../../contract/channels.ts';
import { verbs } from '../../core/job.ts';
import { slots } from '../../core/slot.ts';

const nothing = z.undefined();
/** Names come from Docker and from operators: anything printable, but not without end. */
const name = z.string().min(1).max(255);
const host = name;
const ref = z.strictObject({ host, stack: name, service: name });
/** Without line ends and other controls: it becomes part of files and of commands on the server. */
const oneLine = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must be one line');

/** A port and a path go on as they were typed, no number at all included: the engine refuses them in its own words. */
const options = z.strictObject({
  port: z.union([z.number(), z.nan()]).optional(),
  checkPath: oneLine(2048).optional(),
  image: oneLine(512).optional(),
  release: z.int().positive().optional(),
  role: z.enum(['next', 'previous']).optional(),
  watchMinutes: z.number().min(0).max(1440).optional(),
  confirmMinutes: z.number().positive().max(1440).optional(),
  shareVolumes: z.boolean().optional(),
  replace: z.boolean().optional(),
  again: z.boolean().optional(),
  noWait: z.boolean().optional(),
});

const values = z.enum(['hidden', 'shown']).optional();
const position = z.strictObject({ x: z.number(), y: z.number() });

/** What each call may carry. The window is ours, but what reaches the main process is checked all the same. */
export const schemas: { readonly [Name in CallName]: z.ZodType<Calls[Name]['in']> } = {
  'hosts.list': nothing,
  'hosts.aliases': nothing,
  'hosts.add': z.strictObject({ target: oneLine(512) }),
  'hosts.remove': z.strictObject({ host }),
  'hosts.connect': z.strictObject({ host }),
  'hosts.disconnect': z.strictObject({ host }),
  'hosts.answer': z.strictObject({ host, question: name, answers: z.array(z.string().max(4096)).max(16).nullable() }),
  'hosts.refresh': z.strictObject({ host }),
  'adopt.plan': z.strictObject({ ref, options, values }),
  'next.plan': z.strictObject({ ref, options, values }),
  'verbs.start': z.strictObject({ ref, verb: z.enum(verbs), options }),
  'jobs.stop': z.strictObject({ host, stack: name, job: name }),
  'jobs.log': z.strictObject({ host, stack: name, job: name }),
  'cards.dismiss': z.strictObject({ ref }),
  'releases.list': z.strictObject({ ref }),
  'releases.compare': z.strictObject({ ref, before: z.int().positive(), after: z.int().positive(), values }),
  'logs.follow': z.strictObject({ ref, tail: z.int().min(0).max(10_000) }),
  'logs.stop': z.strictObject({ follow: name }),
  'preview.open': z.strictObject({ ref, slot: z.enum(slots), browse: z.boolean() }),
  'preview.close': z.strictObject({ ref }),
  'settings.get': nothing,
  'settings.set': z.strictObject({ theme: z.enum(['system', 'light', 'dark']) }),
  'positions.get': z.strictObject({ host }),
  'positions.set': z.strictObject({ host, positions: z.record(name, position).nullable() }),
};
