import type { HostileCase } from './case.ts';
import { dataCases } from './cases/data.ts';
import { engineCases } from './cases/engine.ts';
import { forgedCases } from './cases/forged.ts';
import { homeCases } from './cases/home.ts';
import { jobCases } from './cases/jobs.ts';
import { labelCases } from './cases/labels.ts';
import { linkCases } from './cases/links.ts';
import { ownerCases } from './cases/owners.ts';
import { releaseCases } from './cases/releases.ts';
import { stallCases } from './cases/stalls.ts';

/** The whole corpus. */
export const hostileCases: readonly HostileCase[] = [
  ...labelCases,
  ...jobCases,
  ...forgedCases,
  ...linkCases,
  ...ownerCases,
  ...dataCases,
  ...releaseCases,
  ...engineCases,
  ...homeCases,
  ...stallCases,
];
