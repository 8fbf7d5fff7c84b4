import type { Page } from 'playwright';
import { switchyard } from './command-line.ts';
import { expect, pictureFile, test } from './fixture.ts';

const frontend = 'shop/frontend';
const secret = 'window-s3cret-value';

test.beforeAll(async ({ lab }) => {
  test.setTimeout(300_000);
  await lab.reset('shop');
  const adopted = await switchyard(lab.sshConfigPath, 'adopt', 'home', frontend, '--check-path', '/healthz');
  expect(adopted.code, JSON.stringify(adopted.json)).toBe(0);
  await lab.exec(
    'home',
    `sed -i 's|BACKEND_URL: .*|&\\n      POSTGRES_PASS: ${secret}|' shop/compose.yaml && grep -q ${secret} shop/compose.yaml`,
  );
});

/** All that the page holds, attributes and fields included. */
const holds = (page: Page): Promise<boolean> =>
  page.evaluate((text) => {
    const fields = [...document.querySelectorAll('input, textarea')].map((field) => (field as HTMLInputElement).value);
    return [document.documentElement.outerHTML, ...fields].join('\n').includes(text);
  }, secret);

test('SE1 SE2 the window holds no value of an environment before a click, and forgets it after the next', async ({
  open,
}) => {
  const { window: shown } = await open({ size: { width: 1600, height: 1000 } });
  await shown.connect('home');
  await shown.select(frontend);
  const { panel, page } = shown;
  await expect(panel.getByTestId('diff')).toContainText('POSTGRES_PASS');
  await expect(panel.getByTestId('diff')).toContainText('its value is hidden');
  expect(await holds(page)).toBe(false);
  await shown.picture(pictureFile('values-hidden'));

  // Nor does the main process send it unasked.
  const sent = await page.evaluate(async () => {
    const hosts = await window.switchyard.call('hosts.list', undefined);
    const ref = { host: hosts.ok ? (hosts.value[0]?.id ?? '') : '', stack: 'shop', service: 'frontend' };
    const plan = await window.switchyard.call('next.plan', { ref, options: {} });
    return JSON.stringify([hosts, plan]);
  });
  expect(sent).toContain('POSTGRES_PASS');
  expect(sent).not.toContain(secret);

  const button = panel.getByTestId('values');
  await button.focus();
  await page.keyboard.press('Enter');
  await expect(panel.getByTestId('diff')).toContainText(secret);
  await shown.picture(pictureFile('values-shown'));
  await page.keyboard.press('Enter');
  await expect(panel.getByTestId('diff')).toContainText('its value is hidden');
  expect(await holds(page)).toBe(false);
});
