import { once } from 'node:events';
import type { Harm } from './harm.ts';

/** kill -9 of the app. */
export const killApp: Harm = async ({ app, release }) => {
  if (app === null || app.exitCode !== null || app.signalCode !== null) throw new Error('there is no app to be killed');
  const closed = once(app, 'close');
  app.kill('SIGKILL');
  await closed;
  await release();
  return null;
};
