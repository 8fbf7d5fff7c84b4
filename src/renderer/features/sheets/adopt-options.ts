import type { FindingView } from '../../../contract/views.ts';
import type { VerbOptions } from '../../../core/job.ts';

/** What an adoption is told, as it stands in the fields. */
export type AdoptFields = { port: string; checkPath: string; shareVolumes: boolean };

/** The fields as they are filled in for what was asked before. */
export const fieldsOf = ({ port, checkPath, shareVolumes }: VerbOptions): AdoptFields => ({
  port: port === undefined || Number.isNaN(port) ? '' : String(port),
  checkPath: checkPath ?? '',
  shareVolumes: shareVolumes ?? false,
});

/** Whether to ask if two releases may open its volumes: where that stands in the way, or was said to be so. */
export const asksToShare = (fields: AdoptFields, findings: FindingView[]): boolean =>
  fields.shareVolumes || findings.some((finding) => finding.answer === 'shareVolumes');

/**
 * What the fields say, as typed: what is no port or no path goes along too, so that it is refused in words and nothing
 * else is adopted in its place. Text that is no number at all is the number that is none.
 */
export function optionsOf({ port, checkPath, shareVolumes }: AdoptFields): VerbOptions {
  return {
    ...(port.trim() === '' ? {} : { port: Number(port) }),
    ...(checkPath.trim() === '' ? {} : { checkPath: checkPath.trim() }),
    ...(shareVolumes ? { shareVolumes } : {}),
  };
}
