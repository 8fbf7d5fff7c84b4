import { readFileSync } from 'node:fs';
import path from 'node:path';
import { renderAssignments } from '../../src/core/command.ts';

/** The shell that lets a fault come to a job. `fault` is `step:phase:kind`, as SWITCHYARD_FAULT has it. */
export function renderPlant(fault: string): string {
  const [step, phase, kind] = fault.split(':');
  if (step === undefined || phase === undefined || kind === undefined)
    throw new Error(`not a fault, step:phase:kind: ${fault}`);
  const text = readFileSync(path.join(import.meta.dirname, 'plant.sh'), 'utf8');
  return `${renderAssignments({ FAULT_AT: `${step}:${phase}`, FAULT_KIND: kind })}${text}`;
}

/** Lets a job go on that waits at its fault; the file is its own user's, for nothing is run where somebody else put one. */
export const letGo = (job: string): string =>
  `: >${job}/.fault-go && chown home: ${job}/.fault-go && mv ${job}/.fault-go ${job}/fault-go`;
