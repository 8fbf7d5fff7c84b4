import type { Evidence } from './invariants/verdict.ts';
import { feather, type Look } from './look.ts';
import type { Server } from './server.ts';

/** Runs the rollback.sh of current, as `home`; for real there and back again. */
export async function rollBackByHand(server: Server, look: Look, forReal: boolean): Promise<Evidence['byHand']> {
  if (!look.adopted || look.roles.previous === undefined || look.roles.next !== undefined) return null;
  const asHome = 'setpriv --reuid=home --regid=home --init-groups -- env HOME=/home/home';
  const script = `sh ${feather.state}/current/rollback.sh`;
  const run = async (argument: string) => {
    const text = await server.sh(`${asHome} ${script} ${argument}; echo "code $?"`, { timeoutMs: 60_000 });
    return { code: Number(/code (\d+)\s*$/.exec(text)?.[1] ?? 1), text: text.replace(/code \d+\s*$/, '') };
  };
  const dry = await run('--dry-run');
  if (!forReal || dry.code !== 0) return dry;
  const previous = look.releases.find(({ number }) => number === look.roles.previous)?.version ?? '';
  const back = await run('');
  if (back.code !== 0) return back;
  const answer = (
    await server.sh("curl -s -m 5 -o /dev/null -w '%header{x-release}' http://127.0.0.1:8080/version")
  ).trim();
  if (answer !== previous) return { code: 1, text: `it says it is done, but ${answer} answers and not ${previous}` };
  const there = await run('');
  if (there.code !== 0) return there;
  const again = (
    await server.sh("curl -s -m 5 -o /dev/null -w '%header{x-release}' http://127.0.0.1:8080/version")
  ).trim();
  const current = look.releases.find(({ number }) => number === look.roles.current)?.version ?? '';
  return again === current ? there : { code: 1, text: `back again, but ${again} answers and not ${current}` };
}
