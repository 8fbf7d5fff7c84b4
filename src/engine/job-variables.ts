import { type Check, renderChecks } from '../core/check.ts';
import { renderAssignments } from '../core/command.ts';
import { serviceSlug, slotPrefix, stateFolder } from '../core/server-layout.ts';
import type { ServiceRecord } from '../core/service-record.ts';
import { type Kit, kitFile } from './job-upload.ts';

/** What every job's script is told about its service. */
export function serviceVariables(of: {
  stack: string;
  service: string;
  folder: string;
  entry: string;
  by: string;
  checks: Check[];
  port: number;
  networks: string[];
  readySeconds: number;
  stopSeconds: number;
  entryImage: string;
}): Record<string, string> {
  const root = stateFolder(of.folder);
  return {
    STACK: of.stack,
    SERVICE: of.service,
    BY: of.by,
    PROJECT_DIR: of.folder,
    SVC: serviceSlug(of.service),
    ENTRY: of.entry,
    SLOT_PREFIX: slotPrefix(of.stack, of.service),
    NETWORK: of.networks[0] ?? `${of.stack}_default`,
    PROBE_IMAGE: of.entryImage,
    ENTRY_IMAGE: of.entryImage,
    ENTRY_PORT: String(of.port),
    CHECKS: renderChecks(of.checks),
    READY_S: String(of.readySeconds),
    STOP_S: String(of.stopSeconds),
    SVC_DIR: `${root}/${serviceSlug(of.service)}`,
  };
}

/** The same, of a service that is adopted. */
export const recordVariables = (record: ServiceRecord, folder: string, by: string): Record<string, string> =>
  serviceVariables({ ...record, folder, by, port: record.ports[0]?.port ?? 0 });

/**
 * A release's rollback.sh: everything it needs is written in it, so that it runs by hand with docker and sh alone.
 * `entry` and the slot may still be placeholders that the job fills in.
 */
export function renderRollback(
  kit: Kit,
  of: {
    root: string;
    serviceDir: string;
    service: string;
    prefix: string;
    entry: string;
    port: number;
    checks: Check[];
    release: string;
    slot: string;
  },
): string {
  const http = of.checks.find((check) => check.kind === 'http');
  const values = renderAssignments({
    ROOT: of.root,
    SVC_DIR: of.serviceDir,
    LOCK_DIR: `${of.root}/lock/${serviceSlug(of.service)}`,
    SERVICE: of.service,
    PREFIX: of.prefix,
    ENTRY: of.entry,
    PORT: String(of.port),
    CHECK_PORT: String(http?.port ?? of.port),
    CHECK_PATH: http?.path ?? '',
    CHECK_LOW: String(http?.low ?? 200),
    CHECK_HIGH: String(http?.high ?? 399),
    RELEASE: of.release,
    SLOT: of.slot,
  });
  return `#!/bin/sh\n${values}${kitFile(kit, 'rollback.sh').replace(/^#!.*\n/, '')}`;
}
