import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { run, succeeds } from '../../build/setup/command.ts';
import {
  withDockerStopped,
  withFault,
  withOldCompose,
  withoutCompose,
  withoutDocker,
  withSshdPaused,
} from '../lab/faults.ts';
import { lockedKeyPassphrase } from '../lab/lab.ts';
import { expect, pictureFile, test, writeSshConfig } from './fixture.ts';
import type { SwitchyardWindow } from './switchyard-window.ts';

/** The ladder stops at this rung, says why by this code, and offers this command and these words. */
async function stopsAt(
  window: SwitchyardWindow,
  rung: string,
  code: string,
  fix: { command?: string | RegExp; words?: string | RegExp } = {},
): Promise<void> {
  await expect(window.at('connect-failure')).toHaveAttribute('data-code', code, { timeout: 40_000 });
  await expect(window.at(`rung-${rung}`)).toHaveAttribute('data-state', 'failed');
  // Every rung before it passed, none after it was tried.
  const states = await window
    .at('ladder')
    .locator('li')
    .evaluateAll((rungs) => rungs.map((each) => each.getAttribute('data-state')));
  const at = states.indexOf('failed');
  expect(states.slice(0, at).every((state) => state === 'passed')).toBe(true);
  expect(states.slice(at + 1).every((state) => state === 'waiting')).toBe(true);
  if (fix.command !== undefined)
    await expect(window.at('connect-failure').locator('.command')).toContainText(fix.command);
  if (fix.words !== undefined) await expect(window.at('connect-failure')).toContainText(fix.words);
}

/** A port of this machine that nothing listens on. */
async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test.describe('first run', () => {
  test('one field, the aliases of the ssh config below it, by keyboard alone', async ({ open, lab, folder }) => {
    const { sshConfigPath } = await writeSshConfig(folder, lab, [
      { alias: 'home', strict: 'yes' },
      { alias: 'nas', hostName: 'nas.home.lan', user: 'anna' },
      { alias: 'vps', hostName: 'vps.example.org', user: 'deploy' },
    ]);
    const { window } = await open({ sshConfigPath });
    await expect(window.at('connect-target')).toBeFocused();
    await expect(window.at('alias-nas')).toContainText('anna@nas.home.lan');
    await expect(window.at('connect-local')).toBeVisible();
    await window.picture(pictureFile('first-run'));
    await window.page.keyboard.type('ho');
    await expect(window.at('alias-vps')).toHaveCount(0);
    await window.page.keyboard.press('ArrowDown');
    await window.page.keyboard.press('Enter');
    await window.mapIsDrawn();
    await expect(window.card('shop/frontend')).toBeVisible();
  });

  test('what cannot be a server is said, and leaves the list again', async ({ open }) => {
    const { window } = await open();
    await window.startConnecting('anna@');
    await stopsAt(window, 'name', 'target-invalid', { words: 'Type what you would type after ssh' });
    await window.at('host-remove').click();
    await expect(window.at('connect-target')).toBeVisible();
  });

  test('this machine is a server too', async ({ open }) => {
    const hasCompose = await succeeds(['docker', 'compose', 'version']);
    const { window } = await open();
    await window.at('connect-local').click();
    if (hasCompose) await expect(window.map.or(window.at('map-empty')).first()).toBeVisible({ timeout: 30_000 });
    else await stopsAt(window, 'compose', 'compose-missing', { command: 'docker-compose-plugin' });
    await expect(window.at('tab-this machine')).toBeVisible();
  });
});

test.describe('the ladder stops where it has to, with what helps there', () => {
  test('a name that nobody knows', async ({ open }) => {
    const { window } = await open();
    await window.startConnecting('no-such-host.invalid');
    await stopsAt(window, 'name', 'name-unknown', { words: 'Check the spelling' });
    await window.picture(pictureFile('ladder-name-unknown'));
    // Out of the list, and back at the start.
    await window.at('host-remove').click();
    await expect(window.at('connect-target')).toBeVisible();
  });

  test('a port where nothing listens, and again once something does', async ({ open, lab, folder }) => {
    const home = lab.host('home');
    const port = await closedPort();
    const known = (await readFile(home.knownHostsPath, 'utf8')).replaceAll(`:${home.sshPort} `, `:${port} `);
    const { sshConfigPath } = await writeSshConfig(folder, lab, [{ alias: 'home', port, knownHosts: known }]);
    const { window } = await open({ sshConfigPath });
    await window.startConnecting('home');
    await stopsAt(window, 'reachable', 'port-closed', { command: 'systemctl status ssh' });
    const sockets = new Set<net.Socket>();
    const forwarder = net.createServer((client) => {
      const server = net.connect(home.sshPort, '127.0.0.1');
      for (const socket of [client, server]) sockets.add(socket.on('error', () => {}));
      client.pipe(server).pipe(client);
    });
    await new Promise<void>((resolve) => forwarder.listen(port, '127.0.0.1', resolve));
    try {
      await window.at('connect-retry').click();
      await window.mapIsDrawn();
    } finally {
      for (const socket of sockets) socket.destroy();
      forwarder.close();
    }
  });

  test('an sshd that never says a word', async ({ open, lab }) => {
    const { window } = await open();
    await withSshdPaused(lab, 'home', async () => {
      await window.startConnecting('home');
      await stopsAt(window, 'reachable', 'no-answer', { words: 'did not answer in time' });
    });
  });

  test('a key the server does not take: the password is asked for, wrong, then right', async ({
    open,
    lab,
    folder,
  }) => {
    const keyPath = path.join(folder, 'other_key');
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', keyPath]);
    const { sshConfigPath } = await writeSshConfig(folder, lab, [{ alias: 'home', keyPath }]);
    const { window } = await open({ sshConfigPath });
    await window.startConnecting('home');
    await expect(window.at('question')).toHaveAttribute('data-kind', /password|keyboard-interactive/);
    await window.at('question-answer-0').fill('wrong');
    await window.at('question-accept').click();
    await expect(window.page.locator('.question-again')).toBeVisible();
    await window.picture(pictureFile('ladder-password'));
    await window.at('question-answer-0').fill(lab.host('home').password);
    await window.page.keyboard.press('Enter');
    await window.mapIsDrawn();
  });

  test('a user who is not there: refused in the end; giving up is no failure of the server', async ({
    open,
    lab,
    folder,
  }) => {
    const { sshConfigPath } = await writeSshConfig(folder, lab, [{ alias: 'home', user: 'nobody-here' }]);
    const { window } = await open({ sshConfigPath });
    await window.startConnecting('home');
    const asked = window.at('question-answer-0');
    const failed = window.at('connect-failure');
    // As often as the server lets one try.
    for (let tries = 0; tries < 10; tries += 1) {
      await expect(asked.or(failed).first()).toBeVisible({ timeout: 20_000 });
      if (await failed.isVisible()) break;
      const question = await window.at('question').elementHandle();
      await asked.fill(`guess ${tries}`);
      await window.at('question-accept').click();
      // Another question, or none.
      await window.page.waitForFunction((before) => before?.isConnected === false, question);
    }
    await stopsAt(window, 'login', 'login-refused', { words: 'ssh-copy-id' });
    await window.at('connect-retry').click();
    await window.at('question-decline').click();
    await stopsAt(window, 'login', 'cancelled');
  });

  test('a key under a passphrase: wrong, then right', async ({ open, lab, folder }) => {
    const { sshConfigPath } = await writeSshConfig(folder, lab, [
      { alias: 'home', keyPath: lab.host('home').lockedKeyPath },
    ]);
    const { window, app } = await open({ sshConfigPath });
    await window.startConnecting('home');
    await expect(window.at('question')).toHaveAttribute('data-kind', 'passphrase');
    await window.at('question-answer-0').fill('battery staple');
    await window.at('question-accept').click();
    await expect(window.page.locator('.question-again')).toBeVisible();
    await window.at('question-answer-0').fill(lockedKeyPassphrase);
    await window.at('question-accept').click();
    await window.mapIsDrawn();
    // Nothing that was typed is kept on the disk.
    const { stdout } = await run(['grep', '-rlF', lockedKeyPassphrase, app.dataFolder], { okCodes: [0, 1] });
    expect(stdout).toBe('');
  });

  test('a server that is new: its fingerprint is shown, and remembered once accepted', async ({
    open,
    lab,
    folder,
  }) => {
    const { sshConfigPath, knownHostsPath } = await writeSshConfig(folder, lab, [{ alias: 'home', knownHosts: '' }]);
    const first = await open({ sshConfigPath });
    await first.window.startConnecting('home');
    const { stdout } = await lab.exec('home', 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
    await expect(first.window.at('fingerprint')).toHaveText(stdout.split(' ')[1] ?? '');
    await expect(first.window.at('rung-login')).toHaveAttribute('data-state', 'waiting');
    await first.window.picture(pictureFile('ladder-host-key'));
    expect(await readFile(knownHostsPath, 'utf8')).toBe('');
    await first.window.at('question-accept').click();
    await first.window.mapIsDrawn();
    expect(await readFile(knownHostsPath, 'utf8')).toContain(`[127.0.0.1]:${lab.host('home').sshPort} ssh-ed25519`);
    await first.app.close();

    // The next start connects by itself and asks nothing.
    const again = await open({ sshConfigPath, dataFolder: first.app.dataFolder });
    await again.window.mapIsDrawn();
    await expect(again.window.at('question')).toHaveCount(0);
  });

  test('a server that is new and declined is not connected to', async ({ open, lab, folder }) => {
    const { sshConfigPath, knownHostsPath } = await writeSshConfig(folder, lab, [{ alias: 'home', knownHosts: '' }]);
    const { window } = await open({ sshConfigPath });
    await window.startConnecting('home');
    await window.at('question-decline').click();
    await stopsAt(window, 'host-key', 'host-key-unknown');
    expect(await readFile(knownHostsPath, 'utf8')).toBe('');
  });

  test('a host key that changed: no way on', async ({ open, lab, folder }) => {
    const other = path.join(folder, 'impostor');
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', other]);
    const knownHosts = `[127.0.0.1]:${lab.host('home').sshPort} ${await readFile(`${other}.pub`, 'utf8')}`;
    const { sshConfigPath, knownHostsPath } = await writeSshConfig(folder, lab, [{ alias: 'home', knownHosts }]);
    const { window } = await open({ sshConfigPath });
    await window.startConnecting('home');
    await stopsAt(window, 'host-key', 'host-key-changed', { words: 'stop here' });
    await expect(window.at('connect-retry')).toHaveCount(0);
    await expect(window.at('question')).toHaveCount(0);
    await window.picture(pictureFile('ladder-host-key-changed'));
    expect(await readFile(knownHostsPath, 'utf8')).toBe(knownHosts);
  });

  test('a user who may not use Docker', async ({ open, lab, folder }) => {
    const { sshConfigPath } = await writeSshConfig(folder, lab, [{ alias: 'home', user: 'guest' }]);
    const { window } = await open({ sshConfigPath });
    await window.startConnecting('home');
    await stopsAt(window, 'docker', 'docker-forbidden', { command: 'usermod -aG docker' });
    await window.picture(pictureFile('ladder-docker-forbidden'));
  });

  test('Docker that is not there, then is', async ({ open, lab }) => {
    const { window } = await open();
    await withoutDocker(lab, 'home', () =>
      withFault(lab, 'home', 'docker-stopped', async () => {
        await window.startConnecting('home');
        await stopsAt(window, 'docker', 'docker-missing', { command: 'get.docker.com' });
      }),
    );
  });

  test('Docker that is stopped, then started', async ({ open, lab }) => {
    const { window } = await open();
    await withDockerStopped(lab, 'home', async () => {
      await window.startConnecting('home');
      await stopsAt(window, 'docker', 'docker-stopped', { command: 'systemctl start docker' });
    });
    await window.at('connect-retry').click();
    await window.mapIsDrawn();
  });

  test('compose that is missing, and compose that is old', async ({ open, lab }) => {
    const { window } = await open();
    await withoutCompose(lab, 'home', async () => {
      await window.startConnecting('home');
      await stopsAt(window, 'compose', 'compose-missing', { command: 'apt-get install docker-compose-plugin' });
    });
    await withOldCompose(lab, 'home', async () => {
      await window.at('connect-retry').click();
      await stopsAt(window, 'compose', 'compose-old', { words: '2.24.4' });
      await expect(window.at('rung-compose')).toContainText('2.10.0');
    });
    await window.at('connect-retry').click();
    await window.mapIsDrawn();
  });
});

test.describe('the app’s own data', () => {
  test('a damaged settings file is set aside, with a word', async ({ open, folder }) => {
    const dataFolder = path.join(folder, 'damaged');
    await run(['mkdir', '-p', dataFolder]);
    await writeFile(path.join(dataFolder, 'settings.json'), '{"version":1,"hosts":[{"id"');
    const { window } = await open({ dataFolder });
    const told = await window.at('banner-damaged').locator('code').textContent();
    expect(await readFile(told ?? '', 'utf8')).toBe('{"version":1,"hosts":[{"id"');
    await window.picture(pictureFile('settings-damaged'));
    await window.at('banner-damaged').getByRole('button').click();
    await expect(window.at('banner-damaged')).toHaveCount(0);
    await window.connect('home');
  });

  test('theme, server and the place of the window are as they were', async ({ open, folder }) => {
    const dataFolder = path.join(folder, 'kept');
    const first = await open({ dataFolder, size: { width: 1100, height: 700 }, theme: 'light' });
    await first.window.connect('home');
    await first.window.at('theme-toggle').click();
    await expect(first.window.page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await first.app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setSize(1240, 780));
    await expect.poll(() => first.window.page.evaluate(() => innerWidth)).toBe(1240);
    await first.app.close();
    const again = await open({ dataFolder });
    await again.window.mapIsDrawn();
    await expect(again.window.page.locator('html')).toHaveAttribute('data-theme', 'dark');
    expect(await again.window.page.evaluate(() => [innerWidth, innerHeight])).toEqual([1240, 780]);
  });

  test('a second start shows the window that is there', async ({ open, folder }) => {
    const dataFolder = path.join(folder, 'once');
    const { app } = await open({ dataFolder });
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
    await app.startAgain();
    await expect
      .poll(() =>
        app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((each) => each.isVisible())),
      )
      .toEqual([true]);
  });
});
