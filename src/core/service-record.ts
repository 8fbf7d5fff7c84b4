import { z } from 'zod';
import { type Check, checkSchema } from './check.ts';
import { readJsonLines } from './json-lines.ts';
import type { Finding } from './stack-map.ts';

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
 * Reads the text of a service.json. Where it is damaged, by its syntax or by what a field says, the last good one counts, if there
 * is one, and the damage says which line it is and why (SPEC TO5).
 * That it is another service's is a damage too: what a service is, is decided at its adoption.
 */
export function readServiceRecord(
  text: string,
  lastGood: ServiceRecord | null,
): { record: ServiceRecord | null; damage: Omit<RecordDamage, 'path'> | null } {
  const { fault, lines } = readJsonLines(text);
  if (fault !== null) return { record: lastGood, damage: fault };
  const lineOf = (path: PropertyKey[]): number | null => {
    for (let length = path.length; length >= 0; length -= 1) {
      const line = lines.get(JSON.stringify(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return null;
  };
  const damaged = (path: PropertyKey[], why: string) => ({
    record: lastGood,
    damage: { line: lineOf(path), why: path.length === 0 ? why : `${fieldName(path)} ${why}` },
  });
  const parsed = serviceRecordSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    const [{ path, message } = { path: [], message: 'it is none' }] = parsed.error.issues;
    const isMissing = path.length > 0 && !lines.has(JSON.stringify(path));
    return damaged(path, isMissing ? 'is missing' : `cannot be that: ${message.replace(/^Invalid input: /, '')}`);
  }
  const record = parsed.data;
  if (lastGood !== null)
    for (const field of ['stack', 'service'] as const)
      if (record[field] !== lastGood[field]) return damaged([field], `is another one than ${lastGood[field]}`);
  return { record, damage: null };
}

/** `checks[0].path`, as people write it. */
const fieldName = (path: PropertyKey[]): string =>
  path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');

/** A damage in one sentence, the same on the card, in a plan and in a refusal. */
export const explainDamage = (service: string, { line, why }: RecordDamage): string =>
  `service.json of ${service}${line === null ? '' : `, line ${line}`}: ${why.replace(/\.$/, '')}; the settings of before count.`;

/** The damage of a service's settings as a finding, on its card and in its plans. */
export const damageFindings = ({
  record,
  recordDamage,
}: {
  record: ServiceRecord;
  recordDamage: RecordDamage | null;
}): Finding[] =>
  recordDamage === null
    ? []
    : [
        {
          level: 'warning',
          title: 'Its settings cannot be read',
          text: `${explainDamage(record.service, recordDamage)} The file is ${recordDamage.path}.`,
        },
      ];

/**
 * The record that counts: what the home state keeps says what the service is, and service.json as found in the state folder
 * gives its checks and times, for those are the operator's to edit. A file that cannot be read changes nothing. A command
 * that the kept record does not hold is not taken from it: whoever may write there must not have a command run (SPEC HS3).
 */
export function mergeRecord(
  kept: ServiceRecord,
  text: string | null,
  path: string,
): { record: ServiceRecord; damage: RecordDamage | null } {
  if (text === null) return { record: kept, damage: null };
  const { record: found, damage } = readServiceRecord(text, kept);
  if (found === null || damage !== null) return { record: kept, damage: damage === null ? null : { path, ...damage } };
  const known = (check: Check): boolean =>
    check.kind !== 'command' || kept.checks.some((each) => JSON.stringify(each) === JSON.stringify(check));
  const checks = found.checks.filter(known);
  const why = 'it names a command that was not there at adoption, which is not run';
  return {
    record: withSettings(kept, { ...found, checks }),
    damage: checks.length === found.checks.length ? null : { path, line: null, why },
  };
}

/** What a service is by the one record, with what the operator may edit of the other. */
export const withSettings = (
  kept: ServiceRecord,
  { checks, watchSeconds, drainSeconds, readySeconds, stopSeconds }: ServiceRecord,
): ServiceRecord => ({ ...kept, checks, watchSeconds, drainSeconds, readySeconds, stopSeconds });

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
