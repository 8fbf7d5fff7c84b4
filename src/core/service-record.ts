import { z } from 'zod';
import { type Check, checkSchema } from './check.ts';

/** `service.json`: how an adopted service is checked, watched and drained. Written at adoption; the operator may edit it. */
export const serviceRecordSchema = z.object({
  version: z.literal(1),
  stack: z.string(),
  service: z.string(),
  /** Name of the entry point's container. */
  entry: z.string(),
  entryImage: z.string(),
  kind: z.enum(['http', 'tcp']),
  ports: z.array(z.object({ port: z.number().int(), mode: z.enum(['http', 'tcp']) })).min(1),
  checks: z.array(checkSchema),
  /** What the service depended on as the operator wrote it: an entry point depends on nothing. */
  dependsOn: z.array(z.string()).default([]),
  /** Networks that the slots join. */
  networks: z.array(z.string()),
  watchSeconds: z.number().int().min(0),
  drainSeconds: z.number().int().min(0),
  readySeconds: z.number().int().min(1),
  stopSeconds: z.number().int().min(0),
});

export type ServiceRecord = z.infer<typeof serviceRecordSchema>;

/** Why a service.json that was found, or a part of it, does not count. */
export type RecordDamage = { path: string; line: number | null; why: string };

/**
 * The record that counts: what the home state keeps says what the service is, and service.json as found in the state folder
 * gives its checks and times, for those are the operator's to edit. A file that cannot be read changes nothing. A command
 * that the kept record does not hold is not taken from it: whoever may write there must not have a command run (SPEC TR3).
 */
export function mergeRecord(
  kept: ServiceRecord,
  text: string | null,
  path: string,
): { record: ServiceRecord; damage: RecordDamage | null } {
  if (text === null) return { record: kept, damage: null };
  const found = parseJson(serviceRecordSchema, text);
  if (found === null)
    return { record: kept, damage: { path, line: null, why: 'It cannot be read: the settings of before count.' } };
  const known = (check: Check): boolean =>
    check.kind !== 'command' || kept.checks.some((each) => JSON.stringify(each) === JSON.stringify(check));
  const checks = found.checks.filter(known);
  const { watchSeconds, drainSeconds, readySeconds, stopSeconds } = found;
  return {
    record: { ...kept, checks, watchSeconds, drainSeconds, readySeconds, stopSeconds },
    damage:
      checks.length === found.checks.length
        ? null
        : { path, line: null, why: 'It names a command that was not there at adoption; that is not run.' },
  };
}

/** `release.json`. */
export const releaseRecordSchema = z.object({
  version: z.literal(1),
  number: z.coerce.number().int(),
  slot: z.enum(['blue', 'green']),
  /** What the operator or compose.yaml named. */
  reference: z.string(),
  /** `repository@sha256:…`, or our own tag where no registry gave a digest. */
  image: z.string(),
  imageId: z.string(),
  imageVersion: z.string(),
  by: z.string(),
  at: z.coerce.number(),
});

export type ReleaseFile = z.infer<typeof releaseRecordSchema>;

/** Reads JSON text with a schema; null when it is damaged or of another kind. */
export function parseJson<Value>(schema: z.ZodType<Value>, text: string): Value | null {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** The digest in a pinned image name, or null. */
export const digestOf = (image: string): string | null => /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? null;
