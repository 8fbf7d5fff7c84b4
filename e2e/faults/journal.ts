/** One record of a server's journal, as far as the invariants ask. */
export type JournalRecord = {
  seq: number;
  job: string;
  epoch: number;
  service: string;
  step: string;
  phase: string;
  at: number;
};

/** Reads records, one JSON object a line. A line that is none comes back as a record of phase `torn`, so that nobody overlooks it. */
export function parseRecords(text: string): JournalRecord[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      try {
        return JSON.parse(line) as JournalRecord;
      } catch {
        return { seq: 0, job: '', epoch: 0, service: '', step: line.slice(0, 60), phase: 'torn', at: 0 };
      }
    });
}

const outcomes = new Set(['done', 'fail', 'undone']);

/** I3, in words: an epoch with two jobs, or steps of two jobs of a service among each other. */
export function explainInterleaving(records: readonly JournalRecord[]): string[] {
  const found: string[] = [];
  const holders = new Map<string, string>();
  for (const { service, epoch, job } of records) {
    const key = `${service} ${epoch}`;
    const holder = holders.get(key) ?? job;
    if (holder !== job) found.push(`epoch ${epoch} of ${service} has records of ${holder} and of ${job}`);
    holders.set(key, holder);
  }
  const newest = new Map<string, number>();
  for (const { service, epoch, job, step, phase, seq } of [...records].sort((a, b) => a.seq - b.seq)) {
    const before = newest.get(service) ?? 0;
    if (epoch < before)
      found.push(`record ${seq} (${step} ${phase} of ${job}) has epoch ${epoch}, after one of epoch ${before}`);
    newest.set(service, Math.max(before, epoch));
  }
  return [...new Set(found)];
}

/** I4, in words: what began and has no outcome, and what is no record at all. */
export function explainUnfinished(records: readonly JournalRecord[]): string[] {
  const open = new Map<string, string>();
  const torn: string[] = [];
  for (const { job, step, phase } of records) {
    const key = `${job} ${step}`;
    if (phase === 'torn') torn.push(`torn record: ${step}`);
    else if (phase === 'begin') open.set(key, `${step} of job ${job} began and has no outcome`);
    else if (outcomes.has(phase)) open.delete(key);
  }
  return [...torn, ...open.values()];
}
