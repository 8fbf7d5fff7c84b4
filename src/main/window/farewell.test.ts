import { expect, test } from 'vitest';
import { hostView, runningJob } from '../../testkit/session/views.ts';
import { explainFarewell } from './farewell.ts';

test('nothing is said when nothing runs', () => {
  expect(explainFarewell([hostView([], { jobs: [runningJob({ state: 'completed' })] })])).toBeNull();
});

test('a job that runs goes on', () => {
  expect(explainFarewell([hostView([], { jobs: [runningJob()] })])).toEqual({
    message: 'A job is running. It goes on.',
    detail:
      'Flipping frontend on home\n\nIt runs on the server, not in this window. Open Switchyard again to see how it went.',
  });
});

test('several are all named', () => {
  const jobs = [runningJob(), runningJob({ id: 'j2', verb: 'deploy', service: 'backend' })];
  const words = explainFarewell([hostView([], { jobs })]);
  expect(words?.message).toBe('2 jobs are running. They go on.');
  expect(words?.detail).toContain('Flipping frontend on home\nDeploying backend on home');
});

test('TO6 what waits is gone with the window, and that is said', () => {
  const waits = runningJob({ id: 'w1', verb: 'adopt', service: 'backend', state: 'waiting' });
  expect(explainFarewell([hostView([], { jobs: [waits] })])).toEqual({
    message: 'A job waits. It is gone with this window.',
    detail: 'Adopting backend on home',
  });
  expect(explainFarewell([hostView([], { jobs: [runningJob(), waits] })])?.detail).toContain(
    'What waits for another job has not begun, and never will:\nAdopting backend on home',
  );
});
