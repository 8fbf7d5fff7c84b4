import { brokeBefore, brokeFinding, explainBroke } from '../core/broke-before.ts';
import type { ComposeConfig, ComposeService } from '../core/compose-config.ts';
import { liveSlotOf } from '../core/entry.ts';
import { failure } from '../core/failure.ts';
import type { VerbOptions } from '../core/job.ts';
import type { DiffLine, NextPlan, ValuesTold } from '../core/plan.ts';
import { diffServices, renderRelease, renderReleaseFile, tokens, withoutValues } from '../core/release.ts';
import { renderReleaseAnew } from '../core/release-file.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { serviceSlug, slotContainer, slotPrefix, stateFolder } from '../core/server-layout.ts';
import type { ServiceState } from '../core/server-state.ts';
import { damageFindings } from '../core/service-record.ts';
import type { Finding } from '../core/stack-map.ts';
import type { JobPlan } from './job-upload.ts';
import { recordVariables, renderRollback } from './job-variables.ts';
import { diffWritten, readContainerRights, readReleaseFiles, readReleases, type WrittenRelease } from './releases.ts';
import { readAdoptedStack, type StackReading } from './stack-reading.ts';
import { jobPlace, notAdopted, type VerbFacts } from './verbs.ts';

type Prepared = {
  state: ServiceState;
  reading: StackReading;
  config: ComposeConfig;
  image: string;
  /** The older release that is deployed again, where one was named. */
  old: WrittenRelease | null;
  /** That release's compose.yaml, rendered anew as a template. */
  again: string | null;
  plan: NextPlan;
};

/** What deploying would do, by what compose.yaml says now, the image that was picked, or the release that was. Changes nothing. */
export async function prepareNext(
  facts: VerbFacts,
  options: VerbOptions,
  told: ValuesTold = 'hidden',
): Promise<Result<Prepared>> {
  const { state } = facts;
  const name = facts.service.name;
  if (state === null) return notAdopted(facts);
  const reading = await readAdoptedStack(facts);
  if (!reading.ok) return reading;
  const { config } = reading.value;
  const resolved = config.services[name];
  if (resolved === undefined) {
    return failed(
      failure('service-unknown', `${reading.value.composePath} has no service ${name} any more.`, {
        running: 'The release that has the traffic runs on.',
      }),
    );
  }
  const composeImage = resolved.image ?? `${facts.stack.name}-${name}`;
  const old =
    options.release === undefined
      ? ok(null)
      : await readReleaseFiles(facts.shell, facts.composeText, jobPlace(facts), name, options.release);
  if (!old.ok) return old;
  if (old.value === null && options.release !== undefined)
    return failed(
      failure('release-unknown', `${name} has no release ${options.release}.`, { running: 'Nothing was changed.' }),
    );
  const image = old.value?.file.reference ?? options.image ?? composeImage;
  const noImage = [image, old.value?.file.image ?? image].find((each) => !/^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/.test(each));
  if (noImage !== undefined) {
    return failed(
      failure('input-invalid', `“${noImage}” is not the name of an image.`, { running: 'Nothing was changed.' }),
    );
  }
  const again = old.value === null ? null : await renderAgain(facts, state, config, old.value);
  const next = { ...config, services: { ...config.services, [name]: { ...resolved, image } } };
  const written = old.value === null || again === null ? null : { file: old.value.file, service: again.service };
  const diff = await diffFromCurrent(facts, state, written, { ...resolved, image }, told);
  const history = await readReleases(facts.shell, stateFolder(facts.folder), state);
  if (!history.ok) return history;
  const broke = brokeBefore(history.value, { image, release: options.release });
  const findings: Finding[] = [...damageFindings(state), ...(broke === null ? [] : [brokeFinding(broke)])];
  if (again !== null && again.dropped.length > 0) {
    findings.push({
      level: 'warning',
      title: `Left out of release ${old.value?.file.number}`,
      text: `An older release starts with what compose.yaml and the running container allow today. ${again.dropped.map(({ field, why }) => `“${field}”: ${why}.`).join(' ')}`,
    });
  }
  if (state.previous !== null && facts.service.canFlipBack) {
    findings.push({
      level: 'note',
      title: `Release ${state.previous.file.number} gives up its slot`,
      text: `Deploying stops previous (${state.previous.file.imageVersion || state.previous.file.reference}) once next is pulled; it can be redeployed, but not flipped back to at once.`,
    });
  }
  if (options.release === undefined && composeImage !== image) {
    findings.push({
      level: 'note',
      title: 'compose.yaml follows',
      text: `When next is ready, the image: line of ${name} in ${reading.value.composePath} becomes ${image}; every other byte stays.`,
    });
  }
  return ok({
    state,
    reading: reading.value,
    config: next,
    image,
    old: old.value,
    again: again?.text ?? null,
    plan: { image, composeImage, diff, upToDate: diff.length === 0, broke, findings },
  });
}

/** An older release from its parsed, allowed fields, never as the text that was found (SPEC TR4 TR5). */
async function renderAgain(facts: VerbFacts, state: ServiceState, config: ComposeConfig, old: WrittenRelease) {
  const prefix = slotPrefix(facts.stack.name, facts.service.name);
  const live = liveSlotOf(state.live);
  const container = live === null ? null : await readContainerRights(facts.shell, slotContainer(prefix, live));
  return renderReleaseAnew(old.found, { config, service: facts.service.name, container }, prefix, facts.folder);
}

/** What changes from the release that has the traffic: to the one that is deployed again, else to what compose.yaml says. */
async function diffFromCurrent(
  facts: VerbFacts,
  state: ServiceState,
  old: Pick<WrittenRelease, 'file' | 'service'> | null,
  asComposed: ComposeService,
  told: ValuesTold,
): Promise<DiffLine[]> {
  const name = facts.service.name;
  const current = state.current?.file ?? null;
  const before =
    current === null
      ? ok(null)
      : await readReleaseFiles(facts.shell, facts.composeText, jobPlace(facts), name, current.number);
  const written = before.ok ? before.value : null;
  if (old !== null && written !== null) return diffWritten(written, old, told);
  const after = old === null ? asComposed : { ...old.service, image: old.file.reference };
  return diffServices({ ...written?.service, image: current?.reference ?? '' }, after, told).filter(
    (line) => line.field !== 'other',
  );
}

export async function planDeployJob(facts: VerbFacts, options: VerbOptions): Promise<Result<JobPlan>> {
  const prepared = await prepareNext(facts, options);
  if (!prepared.ok) return prepared;
  const { state, reading, config, image, old, again, plan } = prepared.value;
  const name = facts.service.name;
  if (plan.broke !== null && options.again !== true)
    return failed(
      failure('broke-before', explainBroke(plan.broke), {
        running: 'Nothing was changed.',
      }),
    );
  const root = stateFolder(facts.folder);
  const prefix = slotPrefix(facts.stack.name, name);
  const serviceDir = `${root}/${serviceSlug(name)}`;
  const compose = again ?? renderRelease(config, name, prefix, facts.folder);
  let pulled = image;
  let edited: string | null = null;
  if (old !== null) {
    // By the file that is run of it, in the home state; what lies beside the stack names no program.
    pulled = typeof old.found.service.image === 'string' ? old.found.service.image : old.file.image;
  } else if (options.image !== undefined && options.image !== plan.composeImage) {
    const text = facts.composeText.setImage(reading.composeText, name, image);
    if (!text.ok) return text;
    edited = text.value;
  }
  const builds =
    options.release === undefined && options.image === undefined && config.services[name]?.build !== undefined;
  return ok({
    verb: 'deploy',
    script: 'deploy',
    ...jobPlace(facts),
    variables: {
      ...recordVariables(state.record, facts.folder, facts.by),
      COMPOSE_HASH: reading.hash,
      COMPOSE_FILES: reading.hashedFiles.join('\n'),
      IMAGE: pulled,
      BUILD: builds ? reading.composePath : '',
      REPLACE: options.replace === true ? '1' : '',
      EDITED_FILE: reading.composePath,
    },
    files: [
      { path: 'release.compose.yaml', text: compose },
      { path: 'release.public.yaml', text: withoutValues(compose) },
      { path: 'service.json', text: `${JSON.stringify(state.record, null, 2)}\n` },
      { path: 'release.json', text: renderReleaseFile(image, facts.by) },
      {
        path: 'rollback.sh',
        text: renderRollback(facts.kit, {
          root,
          serviceDir,
          service: name,
          prefix,
          entry: state.record.entry,
          port: state.record.ports[0]?.port ?? 0,
          checks: state.record.checks,
          release: tokens.release,
          slot: tokens.slot,
        }),
      },
      ...(edited === null ? [] : [{ path: 'compose.edited', text: edited }]),
    ],
  });
}
