import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/core/stack-map.ts';
import type { Session } from '../../src/engine/session.ts';
import { completes, connectTo } from '../journeys/journey.ts';
import { theLab } from '../journeys/the-lab.ts';
import type { Lab } from '../lab/lab.ts';
import { type Ground, honest, openGround } from './ground.ts';

const host = 'feather-a';
const folder = `/home/home/${honest.stack}`;
const state = `${folder}/.switchyard`;
const flip = 'mwzwfzj7id3n';

let lab: Lab;
let ground: Ground;

beforeAll(async () => {
  lab = await theLab(host);
  ground = await openGround(lab, host, 'takein');
  // Its last flip is watched still, by 0.1.0's own process; what that would do, nobody does any more.
  await ground.server.sh(`cd ${state} || exit 1
echo 'live green-watching' >web/entry/live.map
read -r up _ </proc/uptime
printf '%s %s %s green ${flip} watch\\n' "$(($(date +%s) + 45))000" "$((\${up%%.*} + 45))" "$(cat /proc/sys/kernel/random/boot_id)" >web/watch
cat >jobs/${flip}/watch.sh <<'WATCH'
while :; do echo x >>beats; sleep 0.2; done
WATCH
sed -i "s/^WATCH_S=.*/WATCH_S='60'/" jobs/${flip}/job.sh
chown -R home:home web/watch web/entry/live.map jobs
docker restart -t 1 ${honest.stack}-web-1 >/dev/null
cd jobs/${flip} && setpriv --reuid=home --regid=home --init-groups setsid sh ./watch.sh </dev/null >/dev/null 2>&1 &
sleep 1`);
}, 600_000);

afterAll(async () => {
  await ground?.clearAll();
  ground?.server.drop();
});

const stackOf = (session: Session) => session.map()?.stacks.find(({ name }) => name === honest.stack);
const serviceOf = (session: Session) => stackOf(session)?.services.find(({ name }) => name === honest.service);
const taken = (session: Session): Finding[] =>
  (stackOf(session)?.findings ?? []).filter(({ title }) => title === 'Taken in from an earlier version');
const version = () => ground.server.sh(`curl -fsS -m 5 http://127.0.0.1:${honest.port}/version`, { anyCode: true });
const scripts = (where: string) =>
  ground.server.sh(
    `for each in /proc/[0-9]*; do case $(readlink $each/cwd) in ${where}*) tr '\\0' ' ' <$each/cmdline; echo; esac; done | sort -u`,
    { anyCode: true },
  );

describe('a stack that 0.1.0 adopted', () => {
  test('HS6 HS8 HS9 is taken in by the first look, and its watch goes on by ours', async () => {
    expect(await scripts(`${state}/jobs/`)).toContain('sh ./watch.sh');
    const session = await connectTo(lab, host);
    try {
      expect(serviceOf(session)).toMatchObject({ adopted: true, live: 'green', isWatched: true, canFlipBack: true });
      expect(taken(session).map(({ level }) => level)).toEqual(['note']);
      // Nothing of what it was started with was left out, and nothing that is loaded by itself is told as changed.
      expect(serviceOf(session)?.troubles).toEqual([]);
      expect(await scripts(`${state}/jobs/`)).toBe('');
      const home = (await ground.server.sh('echo /home/home/.local/state/switchyard/stacks/honest-*')).trim();
      await expect.poll(() => scripts(`${home}/jobs/${flip}`), { timeout: 20_000 }).toContain('sh ./watch.sh');
      expect(
        await ground.server.sh(
          `cd ${home} && find . -type f | grep -v '/jobs/' | sort; stat -c '%a %U' . ..; cat web/releases/0002/image-id; cat ${'/root/hostile/id-2'}`,
        ),
      ).toMatch(
        /^\.\/folder\n\.\/format\n\.\/override\n\.\/override\.sha256\n\.\/project\n\.\/real\n\.\/web\/haproxy\.cfg\n\.\/web\/override\.block\n\.\/web\/releases\/0001\/compose\.yaml\n\.\/web\/releases\/0001\/image-id\n\.\/web\/releases\/0001\/rollback\.sh\n\.\/web\/releases\/0002\/compose\.yaml\n\.\/web\/releases\/0002\/image-id\n\.\/web\/releases\/0002\/rollback\.sh\n\.\/web\/service\.json\n700 home\n700 home\n(sha256:\w{64})\n\1\n$/,
      );
    } finally {
      session.close();
    }
    // It settles by our process, with nobody there.
    await expect
      .poll(
        () =>
          ground.server.sh(`cat ${state}/web/entry/live.map; ls ${state}/web/watch 2>&1 | grep -c cannot`, {
            anyCode: true,
          }),
        {
          timeout: 90_000,
          interval: 1_000,
        },
      )
      .toBe('live green-settled\n1\n');
  });

  test('HS6 taken in, it can go back, get another release, move to it, and go back again', async () => {
    const session = await connectTo(lab, host);
    try {
      expect(taken(session)).toEqual([]);
      await completes(session, honest, 'rollback');
      expect(await version()).toContain('1.0.0');
      await completes(session, honest, 'deploy', { image: 'registry.lab:5000/feather/web:1.1.0', again: true });
      await completes(session, honest, 'flip', { watchMinutes: 0 });
      expect(await version()).toContain('1.1.0');
      await completes(session, honest, 'rollback');
      expect(await version()).toContain('1.0.0');
      await expect.poll(() => serviceOf(session)?.troubles, { timeout: 10_000 }).toEqual([]);
    } finally {
      session.close();
    }
  });

  test('HS9 a move that was under way is done to its end by ours', async () => {
    // As a power cut leaves it behind the move: live.map written, the roles not yet; the home state lost with the disk it was on.
    await ground.server.sh(`rm -rf /home/home/.local
cd ${state} && id=oldflip00001 && mkdir -p jobs/$id
sed "s/^JOB=.*/JOB='$id'/; s/^GOES_TO=.*/GOES_TO=''/" jobs/${flip}/job.sh >jobs/$id/job.sh
echo 'exit 1' >jobs/$id/run.sh
printf '4194299 1 gone -\\n' >jobs/$id/pid
from=$(sed 's/live \\([a-z]*\\)-.*/\\1/' web/entry/live.map)
case $from in blue) to=green ;; *) to=blue ;; esac
current=$(readlink web/current) previous=$(readlink web/previous)
ln -sfn "$previous" web/next; rm web/previous
seq=$(ls journal | tail -n 1 | cut -d- -f1 | sed 's/^0*//')
printf '{"seq":%d,"job":"%s","epoch":9,"verb":"flip","service":"web","by":"x","step":"move","phase":"begin","at":1,"uptime":1,"from":"%s-settled","to":"%s-settled","release":"%s","left":"%s"}\\n' $((seq + 1)) $id $from $to "\${previous#*/}" "\${current#*/}" >journal/$(printf '%08d' $((seq + 1)))-$id-move-begin.json
echo "live $to-settled" >web/entry/live.map
chown -hR home:home .`);
    const session = await connectTo(lab, host);
    try {
      const current = () =>
        ground.server.sh(
          `cd ${state}/web && readlink current; ls next 2>&1 | grep -c cannot; cat ../jobs/oldflip00001/exit`,
          { anyCode: true },
        );
      await expect.poll(current, { timeout: 30_000, interval: 500 }).toMatch(/^releases\/0003\n1\nindeterminate\n$/);
      await sleep(500);
      expect(await version()).toContain('1.1.0');
    } finally {
      session.close();
    }
  });
});
