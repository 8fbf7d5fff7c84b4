import { expect, pictureFile, test } from './fixture.ts';

test('a hundred containers: the map, the list and the palette stay usable', async ({ open }) => {
  const { window } = await open({ size: { width: 1600, height: 1000 } });
  await window.connect('crowd');
  await expect(window.page.locator('.frame')).toHaveCount(12);
  const [host] = await window.hosts();
  const services = host?.map?.stacks.flatMap((stack) => stack.services) ?? [];
  expect(services).toHaveLength(100);
  // Every service is on the map, or counted on the frame that hides it.
  const cards = await window.page.locator('.card').count();
  const folded = await window.page.locator('[data-testid^="expand-"]').count();
  expect(cards > 0 && (cards === 100 || folded > 0)).toBe(true);
  await window.picture(pictureFile('crowd-map'));

  // Frames do not lie on each other.
  const boxes = await window.page
    .locator('.react-flow__node-stack')
    .evaluateAll((frames) => frames.map((frame) => frame.getBoundingClientRect().toJSON() as DOMRect));
  for (const [index, a] of boxes.entries())
    for (const b of boxes.slice(index + 1))
      expect(a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 || b.bottom <= a.top + 1).toBe(
        true,
      );

  await window.page.keyboard.press('Control+k');
  await window.page.keyboard.type('jellyfin');
  await window.page.keyboard.press('Enter');
  await expect(window.panel).toContainText('jellyfin');
  await expect(window.card('media/jellyfin')).toBeInViewport();
  await window.picture(pictureFile('crowd-found'));
  await window.page.keyboard.press('Escape');

  const began = performance.now();
  await window.page.keyboard.press('l');
  await expect(window.page.locator('[data-testid^="row-"]')).toHaveCount(100);
  expect(performance.now() - began).toBeLessThan(3_000);
  await window.picture(pictureFile('crowd-list'));
  await window.at('list-filter').fill('paperless');
  await expect(window.page.locator('[data-testid^="row-"]')).toHaveCount(1);
});
