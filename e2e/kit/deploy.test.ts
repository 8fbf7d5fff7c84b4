import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tarArchive } from '../../src/adapters/archive/tar-archive.ts';
import { kitFile, uploadJob } from '../../src/engine/job-upload.ts';
import { KitServer, kit } from './server.ts';

let server: KitServer;
beforeEach(() => {
  server = new KitServer();
  // Release 1 is live in blue, release 2 warm in green, release 3 is written for green and its job dies.
  server.role('next', null);
  server.role('previous', '0002');
  server.release('0003', 'green', 'preparing 0 0');
  server.tell('running/shop--frontend--green', '0002\n');
});
afterEach(() => server.close());

/** Takes release 3 back as a deploy that is undone, or recovered, does. */
const takeBack = () => {
  const functions = kitFile(kit, 'deploy.sh').split('\nstart_job ')[0];
  return server.kitLines(`${functions}\nnumber=0003 slot=green started=1\ntake_back`, { VERB: 'deploy' });
};
const removed = () => server.log.some((line) => line.startsWith('rm -f shop--frontend--green'));

it('RE5 a previous whose slot was not freed yet stays, warm and wanted', async () => {
  await takeBack();
  expect([server.roleOf('previous'), removed()]).toEqual(['0002', false]);
});

it('RE5 a next that was to be replaced, and was not yet, stays', async () => {
  server.role('previous', null);
  server.role('next', '0002');
  await takeBack();
  expect([server.roleOf('next'), removed()]).toEqual(['0002', false]);
});

it.each(['previous', 'next'] as const)('RE5 a %s whose container is gone is called so no longer', async (role) => {
  server.role('previous', null);
  server.role(role, '0002');
  rmSync(path.join(server.stub, 'running/shop--frontend--green'));
  await takeBack();
  expect([server.roleOf('previous'), server.roleOf('next')]).toEqual([null, null]);
});

it('RE8 whose slot cannot be freed is not ready by the checks of what is still in there', async () => {
  const { variables, ...place } = server.flipPlan('rollback');
  // Docker, for all that this deploy knows, does as it is told; the stub leaves the container where it is.
  const plant = `check_compose_hash() { :; }
pull_image() { :; }
image_id() { echo sha256:1; }
write_release() {
  mkdir -p "$service_dir/releases/$1"
  for each in "slot $2" "job $JOB" 'state preparing 0 0'; do echo "\${each#* }" >"$service_dir/releases/$1/\${each%% *}"; done
}
`;
  const plan = {
    ...place,
    verb: 'deploy' as const,
    script: 'deploy' as const,
    variables: { ...variables, IMAGE: 'shop/frontend:9', BUILD: '', REPLACE: '', EDITED_FILE: '', COMPOSE_HASH: '' },
    files: [{ path: 'service.json', text: '{}' }],
  };
  await uploadJob(server.shell, tarArchive, kit, 'd1', plan, plant);
  expect(await server.ended('d1')).toMatchObject({ state: 'aborted', failure: { code: 'no-free-slot' } });
  expect([server.roleOf('previous'), server.roleOf('next'), server.live]).toEqual(['0002', null, 'blue-settled']);
});

it.each([
  ['JN9 that is asked to stop while it checks takes next back', '', null, 'it was stopped before it was ready'],
  ['RE4 that does not get ready keeps it for its logs', 'keep_next "HTTP 500"; ', '0003', 'HTTP 500'],
] as const)('a deploy %s', async (_name, first, next, reason) => {
  server.role('previous', null);
  server.role('next', '0003');
  server.tell('running/shop--frontend--green', '0003\n');
  const functions = kitFile(kit, 'deploy.sh').split('\nstart_job ')[0];
  await server.kitLines(`${functions}\nnumber=0003 slot=green started=1\n${first}undo`, { VERB: 'deploy' });
  expect([server.roleOf('next'), removed()]).toEqual([next, next === null]);
  expect(readFileSync(path.join(server.service, 'releases/0003/state'), 'utf8')).toBe(`not-ready 0 0 ${reason}\n`);
});

it('what the deploy itself had started goes', async () => {
  server.role('previous', null);
  server.role('next', '0003');
  server.tell('running/shop--frontend--green', '0003\n');
  await takeBack();
  expect([server.roleOf('next'), removed()]).toEqual([null, true]);
  expect(existsSync(path.join(server.service, 'releases/0003'))).toBe(true);
});
