import { failure, failureOf } from '../../core/failure.ts';
import type { LogLine } from '../../core/log-line.ts';
import { failed, ok, type Result } from '../../core/result.ts';
import { type Slot, slots } from '../../core/slot.ts';
import type { DockerEngine } from '../ports/docker-engine.ts';
import type { Shell } from '../ports/shell.ts';
import type { VerbFacts } from '../verbs.ts';
import { readWhole } from '../whole-answer.ts';

export type LogOptions = {
  tail: number;
  follow?: boolean;
  signal: AbortSignal;
  onLines(lines: LogLine[]): void;
};

/** The logs of both slots, or of the containers of a service that is plain compose. See `Session.followLogs`. */
export async function followLogs(
  docker: DockerEngine,
  { service, state }: VerbFacts,
  { tail, follow = true, signal, onLines }: LogOptions,
): Promise<Result<null>> {
  const sources: { id: string; slot: Slot | null }[] =
    state === null
      ? service.containers.map(({ id }) => ({ id, slot: null }))
      : slots.flatMap((slot) => {
          const container = service.slots[slot]?.container;
          return container === null || container === undefined ? [] : [{ id: container.id, slot }];
        });
  // One that is refused ends the others, so that the refusal is told at once and not when they end.
  const ending = new AbortController();
  const end = () => ending.abort();
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    await Promise.all(
      sources.map(({ id, slot }) =>
        docker.logs(id, {
          tail,
          follow,
          signal: ending.signal,
          onLines: (lines) => onLines(lines.map((line) => ({ slot, ...line }))),
        }),
      ),
    );
    return ok(null);
  } catch (caught) {
    return signal.aborted ? ok(null) : failed(failureOf(caught));
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

const jobLogScript =
  'tail -c 262144 "$1/jobs/$2/output" 2>/dev/null || echo "The output of this job is not kept any more."';

/** The raw output of a job. See `Session.jobLog`. */
export async function readJobLog(shell: Shell, home: string, job: string): Promise<Result<string>> {
  if (!/^[\w-]+$/.test(job)) return failed(failure('job-unknown', `There is no job “${job}”.`));
  const answer = await readWhole(shell, jobLogScript, [home, job], { timeoutMs: 20_000, what: `the output of ${job}` });
  return answer.ok ? ok(answer.value.stdout) : answer;
}
