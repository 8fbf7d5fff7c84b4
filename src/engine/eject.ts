import { failure } from '../core/failure.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { JobPlan } from './job-upload.ts';
import { recordVariables } from './job-variables.ts';
import { readAdoptedStack } from './stack-reading.ts';
import { jobPlace, type VerbFacts } from './verbs.ts';

/** The way back to plain compose: the image: line says what is live, our lines leave the override, the slots go. */
export async function planEjectJob(facts: VerbFacts): Promise<Result<JobPlan>> {
  const { state } = facts;
  const name = facts.service.name;
  if (state === null)
    return failed(
      failure('not-adopted', `${name} of ${facts.stack.name} is plain compose already.`, {
        running: 'It runs as before.',
      }),
    );
  const current = state.current?.file;
  if (current === undefined)
    return failed(
      failure('release-unknown', `${name} has no current release that could be written into compose.yaml.`),
    );
  const reading = await readAdoptedStack(facts);
  if (!reading.ok) return reading;
  const { composeText, composePath, overridePath, overrideText, hash, hashedFiles, config } = reading.value;
  if (overrideText === null)
    return failed(failure('compose-changed', `${overridePath} is gone, so ${name} is plain compose at its next up.`));
  const after = facts.composeText.removeBlock(overrideText, name);
  if (!after.ok) return after;
  // The name the operator knows, where it still is the image that has the traffic; else the digest.
  const named = facts.docker.images.find((image) => image.tags.includes(current.reference));
  const image = named?.id === current.imageId ? current.reference : current.image;
  const same =
    config.services[name]?.image === image ||
    (config.services[name]?.image === undefined && image === current.reference);
  const edited = same ? ok(null) : facts.composeText.setImage(composeText, name, image);
  if (!edited.ok) return edited;
  return ok({
    verb: 'eject',
    script: 'eject',
    ...jobPlace(facts),
    variables: {
      ...recordVariables(state.record, facts.folder, facts.by),
      COMPOSE_HASH: hash,
      COMPOSE_FILES: hashedFiles.join('\n'),
      OVERRIDE: overridePath,
      EDITED_FILE: composePath,
      EJECT_IMAGE: image,
    },
    files: [
      ...(edited.value === null ? [] : [{ path: 'compose.edited', text: edited.value }]),
      ...(after.value === null ? [] : [{ path: 'override.after', text: after.value }]),
    ],
  });
}
