import { beforeAll, expect, test } from 'vitest';
import { run } from '../../build/setup/command.ts';
import * as faults from './faults.ts';
import { type Lab, lockedKeyPassphrase, upLab } from './lab.ts';
import { startLinkProxy } from './link-proxy.ts';

// A fault that does not bite would let every test above it pass for nothing, and one that stays would fail all that follow.

let lab: Lab;
beforeAll(async () => {
  lab = await upLab(['shop'], { log: () => {} });
  await lab.reset('shop');
});

/** What an operator's own ssh gets from a command: exit code, and both streams as one text. */
async function ssh(command: string, ...options: string[]): Promise<string> {
  const argv = ['ssh', '-F', lab.sshConfigPath, '-o', 'ConnectTimeout=4', ...options, 'home', command];
  const { code, stdout, stderr } = await run(argv, {
    okCodes: Array.from({ length: 256 }, (_, each) => each),
    timeoutMs: 60_000,
  });
  return `${code} ${stdout}${stderr}`.trim();
}

test('the server is what an operator has: a plain user, docker, compose, a shop that answers', async () => {
  expect(await ssh('id -un; docker compose version --short')).toMatch(/^0 home\n2\.26\./);
  const answer = await fetch(`http://127.0.0.1:${lab.host('home').http.frontend}/version`);
  expect([answer.headers.get('x-release'), await answer.text()]).toEqual(['1.0.0', '1.0.0']);
});

test('guest may not use Docker', async () => {
  expect(await ssh('docker ps', '-l', 'guest')).toMatch(/^1 permission denied/);
});

test('the locked key opens with its passphrase alone', async () => {
  const key = lab.host('home').lockedKeyPath;
  expect((await run(['ssh-keygen', '-y', '-P', lockedKeyPassphrase, '-f', key])).stdout).toMatch(/^ssh-ed25519 /);
  await expect(run(['ssh-keygen', '-y', '-P', 'wrong', '-f', key])).rejects.toThrow('incorrect passphrase');
});

test('Docker is stopped, and comes back with its containers', async () => {
  await faults.withDockerStopped(lab, 'home', async () => {
    expect(await ssh('docker ps')).toMatch(/^1 Cannot connect to the Docker daemon/);
  });
  await expect.poll(() => ssh('docker ps -q | wc -l'), { timeout: 30_000 }).toBe('0 3');
});

test('docker and compose are missing, or compose is old', async () => {
  await faults.withoutDocker(lab, 'home', async () => expect(await ssh('docker ps')).toMatch(/^127 .*not found/));
  await faults.withoutCompose(lab, 'home', async () =>
    expect(await ssh('docker compose version')).toMatch(/is not a docker command/),
  );
  await faults.withOldCompose(lab, 'home', async () =>
    expect(await ssh('docker compose version --short')).toBe('0 2.10.0'),
  );
  expect(await ssh('docker compose version --short')).toMatch(/^0 2\.26\./);
});

test('sshd is silent, gone, or behind a link that loses everything', async () => {
  await faults.withSshdPaused(lab, 'home', async () => expect(await ssh('true')).toMatch(/^255 .*timed out/s));
  await faults.withSshdStopped(lab, 'home', async () => expect(await ssh('true')).toMatch(/^255 /));
  await faults.withSilentLink(lab, 'home', async () => expect(await ssh('true')).toMatch(/^255 .*timed out/s));
  await faults.withFrozenServer(lab, 'home', async () => expect(await ssh('true')).toMatch(/^255 .*timed out/s));
  expect(await ssh('true')).toBe('0');
});

test('the host key changes and changes back', async () => {
  await faults.withChangedHostKey(lab, 'home', async () =>
    expect(await ssh('true')).toMatch(/^255 .*HOST IDENTIFICATION HAS CHANGED/s),
  );
  expect(await ssh('true')).toBe('0');
});

test('sessions are cut in the middle', async () => {
  const session = ssh('echo started; sleep 60');
  const sleeping = () => lab.exec('home', 'pgrep -c -u home -x sleep', { okCodes: [0, 1] });
  await expect.poll(async () => (await sleeping()).stdout.trim(), { timeout: 30_000 }).toBe('1');
  expect(await faults.cutLink(lab, 'home')).toBeGreaterThanOrEqual(1);
  expect(await session).toMatch(/^255 started/);
});

test('a pull fails on a full disk, a refused and a missing image, and works after', async () => {
  const pull = 'docker pull -q registry.lab:5000/shop/frontend:1.6.0';
  await faults.withFullDisk(lab, 'home', async () => expect(await ssh(pull)).toMatch(/no space left on device/));
  await faults.withRegistryDown(lab, 'home', async () => expect(await ssh(pull)).toMatch(/connection refused/));
  expect(await ssh(pull.replace('1.6.0', '9.9.9'))).toMatch(/^1 .*manifest unknown/);
  expect(await ssh(pull)).toMatch(/^0 /);
});

test('images that stacks name are pulled by their usual names', async () => {
  expect(await ssh('docker pull -q haproxy:3.0 && docker run --rm --user 1000 haproxy:3.0 haproxy -v')).toMatch(
    /^0 .*HAProxy version 3\.0/s,
  );
});

test('a folder is read-only and writable again', async () => {
  await faults.withReadOnlyFolder(lab, 'home', '/home/home/shop', async () =>
    expect(await ssh('touch shop/x')).toMatch(/^1 .*Read-only file system/),
  );
  expect(await ssh('touch shop/x && rm shop/x')).toBe('0');
});

test('a slow link costs its round trips', async () => {
  const proxy = await startLinkProxy({ targetPort: lab.host('home').sshPort, roundTripMs: 100 });
  try {
    const startedMs = performance.now();
    const alias = `HostKeyAlias=[127.0.0.1]:${lab.host('home').sshPort}`;
    expect(await ssh('true', '-p', String(proxy.port), '-o', alias)).toBe('0');
    expect(performance.now() - startedMs).toBeGreaterThan(600);
  } finally {
    await proxy.close();
  }
});

test('the stack comes back from a restart and from a power cut', async () => {
  for (const how of ['clean', 'power-cut'] as const) {
    await faults.restartServer(lab, 'home', how);
    await expect.poll(() => ssh('docker ps -q | wc -l'), { timeout: 30_000 }).toBe('0 3');
  }
  await faults.restartEngine(lab, 'home');
  await expect.poll(() => ssh('docker ps -q | wc -l'), { timeout: 30_000 }).toBe('0 3');
});

test('after kill -9 of dockerd the engine stops what ran and does not start it again; reset does', async () => {
  await faults.restartEngine(lab, 'home', 'hard');
  expect(await ssh('docker ps -q | wc -l')).toBe('0 0');
  await lab.reset('shop');
  expect(await ssh('docker ps -q | wc -l')).toBe('0 3');
});
