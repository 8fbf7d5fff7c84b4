import { type AdoptFacts, type Adoption, entryImage, planAdoption } from '../core/adoption.ts';
import { isCheckPath } from '../core/check.ts';
import { renderEntryConfig } from '../core/entry.ts';
import { failure } from '../core/failure.ts';
import { isEntryOf } from '../core/find-trouble.ts';
import type { VerbOptions } from '../core/job.ts';
import { createMask } from '../core/mask.ts';
import type { ValuesTold } from '../core/plan.ts';
import { renderRelease, renderReleaseFile, tokens, withoutValues } from '../core/release.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { serviceSlug, slotPrefix, stateFolder } from '../core/server-layout.ts';
import type { ServiceRecord } from '../core/service-record.ts';
import { secretsOfConfig } from '../core/service-secrets.ts';
import { type JobPlan, kitFile } from './job-upload.ts';
import { renderRollback, serviceVariables } from './job-variables.ts';
import { configFiles, isOverride, readStack, type StackReading } from './stack-reading.ts';
import { jobPlace, type VerbFacts } from './verbs.ts';

/** Decides an adoption from what the server says now. Changes nothing. `override` is the file whole; the plan tells it as `told` says. */
export async function prepareAdoption(
  facts: VerbFacts,
  options: VerbOptions,
  told: ValuesTold = 'hidden',
): Promise<Result<{ adoption: Adoption; reading: StackReading; override: string }>> {
  if (facts.state !== null)
    return failed(failure('already-adopted', `${facts.service.name} of ${facts.stack.name} is adopted already.`));
  const { checkPath, port } = options;
  if (checkPath !== undefined && !isCheckPath(checkPath))
    return failed(
      failure(
        'input-invalid',
        `“${checkPath}” is not a path that can be asked for: it starts with / and has no spaces or quotes.`,
        {
          running: 'Nothing was changed.',
        },
      ),
    );
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535))
    return failed(
      failure(
        'input-invalid',
        `${Number.isNaN(port) ? 'What was typed' : port} is not a port: it is a whole number from 1 to 65535.`,
        {
          running: 'Nothing was changed.',
        },
      ),
    );
  const [container] = facts.service.containers;
  const fact = facts.docker.containers.find((each) => each.id === container?.id) ?? null;
  const files = configFiles(fact?.labels ?? {});
  const reading = await readStack(
    facts.shell,
    { name: facts.stack.name, folder: facts.folder, files: files.filter((file) => !isOverride(file)) },
    container?.name ?? '',
  );
  if (!reading.ok) return reading;
  const { value } = reading;
  if (value.config.services[facts.service.name] === undefined) {
    return failed(
      failure('service-unknown', `${value.composePath} has no service ${facts.service.name} any more.`, {
        running: 'Its container runs on.',
      }),
    );
  }
  const inOverride = value.overrideText === null ? ok([]) : facts.composeText.services(value.overrideText);
  if (!inOverride.ok) return inOverride;
  const adoptFacts: AdoptFacts = {
    config: value.config,
    service: facts.service.name,
    projectFolder: facts.folder,
    folderWritable: value.folderWritable,
    configFiles: files,
    overridePath: value.overridePath,
    override: value.overrideText,
    overrideServices: inOverride.value,
    user: value.user,
    dockerMajor: Number.parseInt(facts.docker.engine.version, 10) || 0,
    container:
      fact === null ? null : { name: fact.name, running: fact.state === 'running', exposedPorts: value.exposedPorts },
    containers: facts.service.containers.length,
    runsEntry: fact !== null && isEntryOf(fact, facts.service.name),
    managedBy: facts.service.managedBy,
    mentions: value.mentions,
    options,
  };
  const adoption = planAdoption(adoptFacts, slotPrefix(facts.stack.name, facts.service.name));
  const override = facts.composeText.addBlock(value.overrideText, facts.service.name, adoption.block);
  if (!override.ok) return override;
  const mask = told === 'shown' ? (text: string) => text : createMask(secretsOfConfig(value.config));
  const plan = {
    ...adoption.plan,
    findings: adoption.plan.findings.map((each) => ({ ...each, text: mask(each.text) })),
    override: told === 'shown' ? override.value : mask(facts.composeText.hideValues(override.value)),
  };
  return ok({ adoption: { ...adoption, plan }, reading: value, override: override.value });
}

export async function planAdoptJob(facts: VerbFacts, options: VerbOptions): Promise<Result<JobPlan>> {
  const prepared = await prepareAdoption(facts, options);
  if (!prepared.ok) return prepared;
  const { adoption, reading, override } = prepared.value;
  const stop = adoption.plan.findings.find((each) => each.level === 'stop');
  if (stop !== undefined) {
    return failed(
      failure(
        'not-adoptable',
        `${facts.service.name} of ${facts.stack.name} cannot be adopted: ${stop.title}. ${stop.text}`,
        { running: 'It runs as before.' },
      ),
    );
  }
  const root = stateFolder(facts.folder);
  const name = facts.service.name;
  const prefix = slotPrefix(facts.stack.name, name);
  const port = adoption.plan.containerPort;
  const current = facts.docker.containers.find((each) => each.id === facts.service.containers[0]?.id);
  const resolved = reading.config.services[name];
  const record: ServiceRecord = {
    version: 1,
    stack: facts.stack.name,
    service: name,
    entry: tokens.entry,
    entryImage,
    kind: 'http',
    ports: adoption.entry.ports,
    checks: adoption.checks,
    dependsOn: Object.keys(resolved?.depends_on ?? {}),
    networks: adoption.networks,
    watchSeconds: 300,
    drainSeconds: 30,
    readySeconds: 120,
    stopSeconds: adoption.stopSeconds,
  };
  const http = adoption.entry.check;
  const image = resolved?.image ?? `${facts.stack.name}-${name}`;
  const release = renderRelease(reading.config, name, prefix, facts.folder);
  return ok({
    verb: 'adopt',
    script: 'adopt',
    ...jobPlace(facts),
    variables: {
      ...serviceVariables({ ...record, folder: facts.folder, by: facts.by, port, entry: current?.name ?? '' }),
      COMPOSE_HASH: reading.hash,
      COMPOSE_FILES: reading.hashedFiles.join('\n'),
      CURRENT_CONTAINER: current?.name ?? '',
      CURRENT_ID: current?.id ?? '',
      IMAGE: image,
      OVERRIDE: reading.overridePath,
      ENTRY_CHECK:
        http === null
          ? `tcp\t127.0.0.1\t${port}`
          : ['http', '127.0.0.1', port, http.path, http.low, http.high, ''].join('\t'),
    },
    files: [
      { path: 'release.compose.yaml', text: release },
      { path: 'release.public.yaml', text: withoutValues(release) },
      { path: 'release.json', text: renderReleaseFile(image, facts.by) },
      {
        path: 'rollback.sh',
        text: renderRollback(facts.kit, {
          root,
          serviceDir: `${root}/${serviceSlug(name)}`,
          service: name,
          prefix,
          entry: tokens.entry,
          port,
          checks: adoption.checks,
          release: tokens.release,
          slot: tokens.slot,
        }),
      },
      { path: 'haproxy.cfg', text: renderEntryConfig(adoption.entry) },
      { path: 'override.yaml', text: override },
      { path: 'service.json', text: `${JSON.stringify(record, null, 2)}\n` },
      { path: 'live', text: kitFile(facts.kit, 'live') },
      { path: 'exec', text: kitFile(facts.kit, 'exec') },
    ],
  });
}
