import { expect, pictureFile, test } from './fixture.ts';

// What a server says of itself is untrusted text: it is shown as it is, and does nothing.

const nasty = {
  stack: `<script>document.title='owned'</script>`,
  service: `"quoted" $(reboot) 'it''s' 🦆`,
  newline: 'first line\nsecond line',
};

test.afterAll(async ({ lab }) => {
  await lab.exec('home', 'docker ps -aq --filter label=switchyard.e2e=names | xargs -r docker rm -f');
  await lab.exec('home', 'docker image rm -f odd/image:1', { okCodes: [0, 1] });
});

test('names and labels with quotes, $(), newlines, emoji and <script> are text', async ({ open, lab }) => {
  const image = (await lab.exec('home', ['docker', 'inspect', '-f', '{{.Image}}', 'shop-db-1'])).stdout.trim();
  await lab.exec(
    'home',
    `docker build -q -t odd/image:1 - <<'FILE'
FROM ${image}
LABEL org.opencontainers.image.version="<img src=x onerror=alert(1)>"
FILE`,
  );
  const start = (name: string, labels: Record<string, string>) =>
    lab.exec('home', [
      'docker',
      'run',
      '-d',
      '--name',
      name,
      '--label',
      'switchyard.e2e=names',
      ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
      '--entrypoint',
      'sleep',
      'odd/image:1',
      '600',
    ]);
  await start('odd-1', {
    'com.docker.compose.project': nasty.stack,
    'com.docker.compose.service': nasty.service,
    'com.docker.compose.project.working_dir': '/home/home/$(touch /tmp/owned)',
    'com.docker.compose.project.config_files': '/home/home/$(touch /tmp/owned)/compose.yaml',
    'com.docker.compose.container-number': '1',
    'com.docker.compose.oneoff': 'False',
  });
  await start('odd-2', {
    'com.docker.compose.project': nasty.stack,
    'com.docker.compose.service': nasty.newline,
    'com.docker.compose.container-number': '1',
    'com.docker.compose.oneoff': 'False',
  });
  await start('odd-loose', {});

  const { window } = await open({ size: { width: 1600, height: 1000 } });
  await window.connect('home');
  const frame = window.page.locator('.frame').filter({ hasText: 'script' });
  await expect(frame).toContainText(nasty.stack);
  const cards = window.page.locator('.card');
  await expect(cards.filter({ hasText: '🦆' }).locator('h3')).toHaveText(nasty.service);
  await expect(cards.filter({ hasText: 'second line' }).locator('h3')).not.toHaveText(/\n/);
  await expect(cards.filter({ hasText: '🦆' })).toContainText('<img src=x');
  await expect(window.at('loose')).toContainText('odd-loose');
  await cards.filter({ hasText: '🦆' }).locator('.card-head').click();
  await expect(window.panel).toContainText(nasty.service);
  for (const tab of ['releases', 'checks', 'logs', 'boundaries', 'overview'] as const) await window.showTab(tab);
  await window.picture(pictureFile('nasty-names'));
  await window.page.keyboard.press('l');
  await expect(window.at('list')).toContainText(nasty.service);
  await window.page.keyboard.press('Control+k');
  await window.page.keyboard.type('🦆');
  await expect(window.at('palette')).toContainText(nasty.service);
  expect(await window.page.title()).not.toBe('owned');
  expect(await window.page.locator('img[src="x"], script:not([src])').count()).toBe(0);
  expect((await lab.exec('home', 'ls /tmp/owned 2>/dev/null || echo none')).stdout.trim()).toBe('none');
});
