import type { HostileCase } from '../case.ts';

const owned = (id: string, about: string, modes: string): HostileCase => ({
  id,
  kind: 'owners and modes',
  stage: 'look',
  about,
  plant: 'plain_stack; planted_job "$STATE" j1; mkdir -p "$STATE/web"',
  modes,
  control: 'by_hand "$STATE/jobs/j1"',
});

export const ownerCases: HostileCase[] = [
  owned('owner-state', 'the state folder is another user’s', 'chown -R guest:guest "$STATE"; chmod -R a+rwX "$STATE"'),
  owned(
    'owner-job',
    'a job’s folder is another user’s',
    'chown -R guest:guest "$STATE/jobs/j1"; chmod -R a+rwX "$STATE/jobs/j1"',
  ),
  owned(
    'owner-script',
    'a job’s run.sh alone is another user’s',
    'chown guest:guest "$STATE/jobs/j1/run.sh"; chmod a+r "$STATE/jobs/j1/run.sh"',
  ),
  owned(
    'owner-folder',
    'the working folder is another user’s, the state folder in it the operator’s',
    'chown guest:guest "$DIR"; chmod 755 "$DIR"',
  ),
  owned('mode-group-state', 'the state folder may be written by a group', 'chgrp docker "$STATE"; chmod 775 "$STATE"'),
  owned('mode-world-state', 'the state folder may be written by everybody', 'chmod 777 "$STATE"'),
  owned('mode-world-jobs', 'the folder of jobs may be written by everybody', 'chmod 777 "$STATE/jobs"'),
  owned('mode-world-script', 'a job’s run.sh may be written by everybody', 'chmod 666 "$STATE/jobs/j1/run.sh"'),
  owned('mode-world-folder', 'the working folder may be written by everybody', 'chmod 777 "$DIR"'),
];
