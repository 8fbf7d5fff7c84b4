import { troubleCauses } from '../../src/core/trouble.ts';
import { expect, pictureFile, test } from './fixture.ts';
import type { SwitchyardWindow } from './switchyard-window.ts';

const zoomOf = (window: SwitchyardWindow): Promise<number> =>
  window.page.locator('.react-flow__viewport').evaluate((pane) => new DOMMatrix(getComputedStyle(pane).transform).a);

const selected = (window: SwitchyardWindow): Promise<string | null> =>
  window.page.locator('.card[data-selected]').first().getAttribute('data-testid', { timeout: 5_000 });

test.beforeAll(async ({ lab }) => {
  test.setTimeout(240_000);
  await lab.reset('shop');
});

test.describe('the map of a shop', () => {
  test('shows frames, cards, lines, doors and stores, and is quiet while all is well', async ({ open }) => {
    const { window } = await open({ size: { width: 1280, height: 820 } });
    await window.connect('home');
    await expect(window.at('stack-shop')).toContainText('3 services');
    for (const name of ['frontend', 'backend', 'db']) await expect(window.card(`shop/${name}`)).toBeVisible();
    await expect(window.card('shop/frontend')).toContainText('1.0.0');
    await expect(window.card('shop/db')).toContainText('17');
    // 8080 leads in, frontend to backend to db, and db to its volume.
    await expect(window.page.locator('.react-flow__edge')).toHaveCount(4);
    await expect(window.page.locator('.react-flow__node-door')).toHaveText('8080');
    const boxes = await Promise.all(
      ['frontend', 'backend', 'db'].map((name) => window.card(`shop/${name}`).boundingBox()),
    );
    expect(boxes.map((box) => box?.x ?? 0)).toEqual(boxes.map((box) => box?.x ?? 0).sort((a, b) => a - b));
    for (const name of ['frontend', 'backend', 'db'])
      await expect(window.card(`shop/${name}`)).toHaveAttribute('data-tone', 'quiet');
    await expect(window.at('tab-home')).toHaveAttribute('data-worst', 'fine');
  });

  test('is walked by keyboard: arrows, Enter, Escape, the keys and the palette', async ({ open }) => {
    const { window } = await open();
    const { keyboard } = window.page;
    await window.connect('home');
    await keyboard.press('ArrowRight');
    expect(await selected(window)).toBe('card-shop/frontend');
    await keyboard.press('ArrowRight');
    expect(await selected(window)).toBe('card-shop/backend');
    await keyboard.press('ArrowRight');
    expect(await selected(window)).toBe('card-shop/db');
    await keyboard.press('ArrowLeft');
    await keyboard.press('Enter');
    await expect(window.panel).toContainText('backend');
    await keyboard.press('Escape');
    await expect(window.panel).toHaveCount(0);
    expect(await selected(window)).toBe('card-shop/backend');
    await keyboard.press('?');
    await expect(window.at('keys')).toBeVisible();
    await keyboard.press('Escape');
    await expect(window.at('keys')).toHaveCount(0);
    await keyboard.press('Control+k');
    await keyboard.type('frontend');
    await keyboard.press('Enter');
    await expect(window.at('palette')).toHaveCount(0);
    await expect(window.panel).toContainText('frontend');
    await keyboard.press('Control+k');
    await keyboard.type('boundaries');
    await keyboard.press('Enter');
    await expect(window.at('panel-tab-boundaries')).toHaveAttribute('aria-selected', 'true');
    // What cannot be done is not offered: F does nothing to what is not adopted.
    await keyboard.press('Escape');
    await keyboard.press('f');
    await expect(window.lever('shop/frontend')).toHaveAttribute('data-state', 'not-adopted');
  });

  test('has a twin, the list, with the same services and the same actions', async ({ open }) => {
    const { window } = await open();
    await window.connect('home');
    const offers = async (inside: 'card' | 'row', id: string) => {
      const place = inside === 'card' ? window.card(id) : window.row(id);
      const ids = await place
        .locator('[data-testid^="action-"]')
        .evaluateAll((all) => all.map((each) => each.getAttribute('data-testid')));
      return ids.filter((each) => each !== 'action-details' && each !== 'action-logs').sort();
    };
    const onMap = [await offers('card', 'shop/frontend'), await offers('card', 'shop/backend')];
    await window.page.keyboard.press('l');
    await expect(window.at('list')).toBeVisible();
    expect([await offers('row', 'shop/frontend'), await offers('row', 'shop/backend')]).toEqual(onMap);
    await expect(window.row('shop/frontend')).toContainText('8080');
    await window.page.keyboard.press('ArrowDown');
    await window.page.keyboard.press('ArrowDown');
    await expect(window.page.locator('tr[data-selected]')).toHaveCount(1);
    await window.page.keyboard.press('Enter');
    await expect(window.panel).toBeVisible();
    await window.page.keyboard.press('Escape');
    await window.at('list-filter').fill('back');
    await expect(window.row('shop/frontend')).toHaveCount(0);
    await expect(window.row('shop/backend')).toBeVisible();
    await window.at('list-filter').fill('');
    await window.picture(pictureFile('list-shop'));
    await window.row('shop/frontend').getByTestId('action-adopt').click();
    await expect(window.at('adopt-gap')).toBeVisible();
    await window.page.keyboard.press('Escape');
    await expect(window.at('sheet-adopt')).toHaveCount(0);
  });

  test('zooms and fits by keys and by buttons, and says less from afar', async ({ open }) => {
    const { window } = await open();
    await window.connect('home');
    const fitted = await zoomOf(window);
    await window.page.keyboard.press('-');
    await expect.poll(() => zoomOf(window)).toBeLessThan(fitted);
    await expect(async () => {
      await window.page.keyboard.press('-');
      await expect(window.card('shop/frontend')).toHaveAttribute('data-detail', 'far', { timeout: 300 });
    }).toPass();
    await window.page.keyboard.press('0');
    await expect.poll(() => zoomOf(window)).toBeCloseTo(fitted, 2);
    await window.page.keyboard.press('+');
    await expect.poll(() => zoomOf(window)).toBeGreaterThan(fitted);
    await window.at('map-fit').click();
    await expect.poll(() => zoomOf(window)).toBeCloseTo(fitted, 2);
  });

  test('keeps what was dragged, after a restart too, until it is put in order', async ({ open, folder }) => {
    const dataFolder = `${folder}/dragged`;
    const first = await open({ dataFolder });
    await first.window.connect('home');
    const place = async (window: SwitchyardWindow) => {
      await window.settled();
      const [card, other] = await Promise.all([
        window.card('shop/backend').boundingBox(),
        window.card('shop/frontend').boundingBox(),
      ]);
      const zoom = await zoomOf(window);
      return Math.round(((card?.y ?? 0) - (other?.y ?? 0)) / zoom);
    };
    expect(await place(first.window)).toBe(0);
    const box = await first.window.card('shop/backend').locator('.card-head').boundingBox();
    if (box === null) throw new Error('no card');
    await first.window.page.mouse.move(box.x + 30, box.y + 10);
    await first.window.page.mouse.down();
    await first.window.page.mouse.move(box.x + 60, box.y + 70, { steps: 8 });
    await first.window.page.mouse.move(box.x + 60, box.y + 130, { steps: 8 });
    await first.window.page.mouse.up();
    await expect.poll(() => place(first.window)).toBeGreaterThan(60);
    const dragged = await place(first.window);
    await first.app.close();
    const again = await open({ dataFolder });
    await again.window.mapIsDrawn();
    expect(Math.abs((await place(again.window)) - dragged)).toBeLessThanOrEqual(2);
    await again.window.at('map-reset').click();
    await expect.poll(() => place(again.window)).toBe(0);
  });

  test('shows what a service shares and what fails with it', async ({ open }) => {
    const { window } = await open({ size: { width: 1600, height: 1000 } });
    await window.connect('home');
    await window.select('shop/backend');
    await window.showTab('boundaries');
    await expect(window.panel).toContainText('frontend');
    await expect(window.panel).toContainText('shop_default');
    await window.at('blast-radius').click();
    const survives = (id: string) => window.page.locator(`[data-service="shop/${id}"]`).getAttribute('data-survives');
    expect(await survives('frontend')).toBeNull();
    expect(await survives('db')).toBe('true');
    await window.picture(pictureFile('blast-radius'));
    await window.page.keyboard.press('b');
    expect(await survives('db')).toBeNull();
    await window.select('shop/db');
    await expect(window.panel).toContainText('db-data');
  });

  test('logs of what is not adopted are followed', async ({ open, lab }) => {
    const { window } = await open();
    await window.connect('home');
    await window.select('shop/frontend');
    await window.showTab('logs');
    await expect(window.at('logs')).toContainText('1.0.0');
    await expect(window.panel.locator('.logs-foot')).toContainText('following');
    await expect(window.at('logs')).not.toContainText('said while somebody looks');
    // The shop logs no requests: its own words, on its own output.
    await lab.exec('home', `docker exec shop-frontend-1 sh -c 'echo said while somebody looks >/proc/1/fd/1'`);
    await expect(window.at('logs')).toContainText('said while somebody looks');
    await window.at('logs-search').fill('no such words at all');
    await expect(window.at('logs')).toContainText('No line holds that text.');
  });

  for (const [width, height] of [
    [900, 600],
    [1600, 1000],
  ] as const) {
    for (const theme of ['light', 'dark'] as const) {
      test(`the window at ${width} x ${height}, ${theme}`, async ({ open }) => {
        const { window } = await open({ size: { width, height }, theme });
        await window.connect('home');
        expect(await window.page.evaluate(() => [innerWidth, innerHeight])).toEqual([width, height]);
        await window.picture(pictureFile(`window-${width}x${height}-${theme}`));
        await window.select('shop/frontend');
        // Everything that is on the screen is inside of it, and the page itself never scrolls.
        expect(
          await window.page.evaluate(() => [
            document.documentElement.scrollWidth,
            document.documentElement.scrollHeight,
          ]),
        ).toEqual([width, height]);
        for (const testid of ['panel-close', 'panel-tab-boundaries', 'theme-toggle', 'activity-toggle', 'map-fit']) {
          const box = await window.at(testid).boundingBox();
          expect(box !== null && box.x >= 0 && box.x + box.width <= width && box.y + box.height <= height, testid).toBe(
            true,
          );
        }
        await window.picture(pictureFile(`window-${width}x${height}-${theme}-panel`));
        await window.action('shop/frontend', 'adopt').or(window.panel.getByTestId('action-adopt')).first().click();
        await window.at('adopt-gap').waitFor();
        await expect(window.at('sheet-confirm')).toBeInViewport();
        await window.picture(pictureFile(`window-${width}x${height}-${theme}-sheet`));
      });
    }
  }
});

test('the contact sheet: every state of the card, light and dark', async ({ open }) => {
  for (const theme of ['light', 'dark'] as const) {
    const { window } = await open({ size: { width: 1600, height: 1000 }, theme });
    await window.at('connect-target').waitFor();
    await window.page.evaluate(() => {
      location.hash = '#contact-sheet';
    });
    await window.at('contact-sheet').waitFor();
    await window.page.evaluate(() => document.fonts.ready.then(() => null));
    await window.settled();
    const kinds = await window.page
      .locator('[data-testid^="sample-"]')
      .evaluateAll((samples) => samples.map((each) => each.getAttribute('data-testid')?.replace('sample-', '')));
    for (const kind of [
      'not-adopted',
      'idle',
      'preparing',
      'next-ready',
      'not-ready',
      'flipping',
      'held',
      'watching',
      'settled',
      'went-back',
      'failed',
      'unknown',
      'locked',
    ])
      expect(kinds).toContain(kind);
    for (const cause of troubleCauses) expect(kinds).toContain(cause);
    // Each state has its own word: told apart without colour.
    const words = await window.page.locator('.card-words b').evaluateAll((all) => all.map((each) => each.textContent));
    expect(new Set(words).size).toBeGreaterThanOrEqual(13);
    const sheet = window.at('contact-sheet');
    await sheet.screenshot({ path: pictureFile(`contact-sheet-${theme}`) });
  }
});
