import { z } from 'zod';
import { failure } from '../../core/failure.ts';
import { failed, ok, type Result } from '../../core/result.ts';

const position = z.object({ x: z.number(), y: z.number() });

const bounds = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  maximized: z.boolean(),
});

/** The newest version of the settings file, and the only one this app writes. */
export const settingsVersion = 1;

const schema = z.object({
  version: z.literal(settingsVersion),
  hosts: z.array(
    z.object({
      id: z.string().min(1),
      /** As it was typed; an alias is resolved at each connect. */
      target: z.string().min(1),
      /** Whether the operator wants it connected: it is then connected at start. */
      connect: z.boolean(),
    }),
  ),
  /** By host, then by service. */
  positions: z.record(z.string(), z.record(z.string(), position)),
  window: bounds.nullable(),
  theme: z.enum(['system', 'light', 'dark']),
});

/** Everything the app keeps on this machine. Nothing in it is secret. */
export type Settings = z.infer<typeof schema>;

export type WindowBounds = z.infer<typeof bounds>;

export const freshSettings = (): Settings => ({
  version: settingsVersion,
  hosts: [],
  positions: {},
  window: null,
  theme: 'system',
});

/** Turns the content of version n, at index n - 1, into that of version n + 1. */
export type Migration = (old: Record<string, unknown>) => Record<string, unknown>;

const migrations: readonly Migration[] = [];

/**
 * Reads what was parsed from the file: carried from its version to the newest, then checked whole. Refuses what a
 * newer app wrote, because writing it back would lose what this one does not know.
 */
export function readSettings(content: unknown, steps: readonly Migration[] = migrations): Result<Settings> {
  const damaged = (detail: string) => failed(failure('input-invalid', 'The settings cannot be read.', { detail }));

  if (typeof content !== 'object' || content === null || Array.isArray(content)) return damaged('no JSON object');
  let value = content as Record<string, unknown>;
  const version = value.version;
  const newest = steps.length + 1;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) return damaged('no version');
  if (version > newest) return damaged(`version ${version} is newer than ${newest}, the newest this app knows`);
  for (const [index, step] of steps.slice(version - 1).entries())
    value = { ...step(value), version: version + index + 1 };

  const checked = schema.safeParse({ ...value, version: value.version === newest ? settingsVersion : null });
  return checked.success ? ok(checked.data) : damaged(z.prettifyError(checked.error));
}
