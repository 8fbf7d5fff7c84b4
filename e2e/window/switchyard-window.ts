import type { Locator, Page } from 'playwright';
import type { HostView } from '../../src/contract/views.ts';
import type { Job } from '../../src/core/job.ts';
import type { Switch } from '../../src/core/stack-map.ts';

/** The words that are seen there. */
export const wordsOf = (place: Locator, timeout?: number): Promise<string> =>
  // biome-ignore lint/performance/useDomNodeTextContent: what is in the tree but not seen does not count.
  place.innerText(timeout === undefined ? {} : { timeout });

/** The window as an operator finds their way in it. Everything waits for what it looks for; nothing sleeps. */
export class SwitchyardWindow {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  readonly at = (testid: string): Locator => this.page.getByTestId(testid);

  get map(): Locator {
    return this.at('map');
  }

  get panel(): Locator {
    return this.at('panel');
  }

  async startConnecting(target: string): Promise<void> {
    await this.at('connect-target').fill(target);
    await this.at('connect-submit').click();
  }

  /** Connects and waits until the map is drawn. */
  async connect(target: string): Promise<void> {
    await this.startConnecting(target);
    await this.mapIsDrawn();
  }

  async mapIsDrawn(timeout = 30_000): Promise<void> {
    await this.page.locator('[data-testid="map"][data-laid]').waitFor({ timeout });
    await this.page.evaluate(() => document.fonts.ready.then(() => null));
    await this.settled();
  }

  card(id: string): Locator {
    return this.at(`card-${id}`);
  }

  row(id: string): Locator {
    return this.at(`row-${id}`);
  }

  /** The lever of a card. */
  lever(id: string): Locator {
    return this.card(id).getByTestId('switch');
  }

  /** A button of a card. */
  action(id: string, offer: string): Locator {
    return this.card(id).getByTestId(`action-${offer}`);
  }

  /** Waits until the switch of a card says one of these, and returns which. */
  async switchSays(id: string, wanted: Switch['kind'] | readonly Switch['kind'][], timeout = 60_000): Promise<string> {
    const kinds = typeof wanted === 'string' ? [wanted] : wanted;
    const selector = kinds.map((kind) => `[data-testid="card-${id}"] [data-testid="switch"][data-state="${kind}"]`);
    const found = this.page.locator(selector.join(', ')).first();
    await found.waitFor({ timeout }).catch(async (error: Error) => {
      const words = await wordsOf(this.card(id), 1000).catch(() => 'no such card');
      throw new Error(`${id} does not say ${kinds.join(' or ')}; its card says:\n${words}\n${error.message}`);
    });
    return (await found.getAttribute('data-state')) ?? '';
  }

  /** Waits until the traffic goes to this slot and nothing moves. */
  async trafficGoesTo(id: string, slot: 'blue' | 'green', timeout = 60_000): Promise<void> {
    await this.page
      .locator(
        `[data-testid="card-${id}"] [data-testid="switch"][data-live="${slot}"]:is([data-state="watching"], [data-state="settled"], [data-state="idle"])`,
      )
      .waitFor({ timeout });
  }

  async liveSlot(id: string): Promise<string> {
    return (await this.lever(id).getAttribute('data-live')) ?? '';
  }

  async select(id: string): Promise<void> {
    await this.card(id).locator('.card-head').click();
    await this.panel.waitFor();
  }

  async showTab(name: 'overview' | 'releases' | 'checks' | 'logs' | 'boundaries'): Promise<void> {
    await this.at(`panel-tab-${name}`).click();
  }

  /** Puts away what the card says went wrong, where it does: it stands until then. */
  async putAway(id: string): Promise<void> {
    const dismiss = this.action(id, 'dismiss');
    if ((await dismiss.count()) === 0) return;
    await dismiss.click();
    await dismiss.waitFor({ state: 'detached' });
  }

  /** Retires next from the card, through the sheet that asks where it is ready, and waits until it is gone. */
  async retireNext(id: string): Promise<void> {
    const retire = this.action(id, 'retire');
    const asks = (await retire.getAttribute('aria-label'))?.includes('…') === true;
    await retire.click();
    if (asks) await this.at('sheet-retire').getByTestId('sheet-confirm').click();
    await this.switchSays(id, ['idle', 'settled']);
  }

  /** Opens the sheet of deploying from the card, and fills it. */
  async chooseImage(id: string, tag: string): Promise<void> {
    await this.action(id, 'deploy').click();
    await this.at('deploy-image').fill(tag);
    // What changes is read from the server for what was typed last.
    await this.at('sheet-deploy').getByTestId('diff').filter({ hasText: tag }).waitFor();
  }

  /** Deploys from the card and waits until its job has begun. */
  async deploy(id: string, tag: string): Promise<void> {
    await this.chooseImage(id, tag);
    // What broke before is asked about; a test that deploys it again means to.
    const again = this.at('deploy-again');
    if ((await again.count()) > 0) await again.check();
    await this.at('sheet-confirm').click();
    await this.at('sheet-deploy').waitFor({ state: 'detached' });
    await this.switchSays(id, ['preparing', 'next-ready', 'not-ready', 'failed']);
  }

  async adopt(id: string): Promise<void> {
    await this.action(id, 'adopt').click();
    await this.at('adopt-gap').waitFor();
    await this.at('sheet-confirm').click();
    await this.at('sheet-adopt').waitFor({ state: 'detached' });
    await this.switchSays(id, ['idle', 'settled'], 90_000);
  }

  /** The newest job of a verb that this window's first host knows. */
  async newestJob(verb: Job['verb']): Promise<Job | undefined> {
    const jobs = (await this.hosts())[0]?.jobs ?? [];
    return jobs.filter((job) => job.verb === verb).sort((a, b) => b.startedAt - a.startedAt)[0];
  }

  /** Has the app read everything from the server again, by the menu of its tab. */
  async readAgain(): Promise<void> {
    const before = (await this.hosts())[0]?.map?.asOfMs ?? 0;
    await this.at('host-menu').click();
    await this.at('host-refresh').click();
    await this.page.waitForFunction(async (than) => {
      const reply = await window.switchyard.call('hosts.list', undefined);
      return reply.ok && (reply.value[0]?.map?.asOfMs ?? 0) > than;
    }, before);
  }

  /** All hosts as the main process tells them to the window. */
  async hosts(): Promise<HostView[]> {
    return this.page.evaluate(async () => {
      const reply = await window.switchyard.call('hosts.list', undefined);
      return reply.ok ? reply.value : [];
    });
  }

  /** Notes the time of each press of the mouse or of a key, as the page receives it; pressedAt() says the last. */
  async notePresses(): Promise<void> {
    await this.page.evaluate(() => {
      const note = () => Object.assign(window, { pressedAtMs: performance.timeOrigin + performance.now() });
      window.addEventListener('click', note, { capture: true });
      window.addEventListener('keydown', note, { capture: true });
    });
  }

  async pressedAt(): Promise<number> {
    return this.page.evaluate(() => (window as unknown as { pressedAtMs: number }).pressedAtMs);
  }

  /** Waits until no transition or animation runs: a picture then shows what stays. */
  async settled(): Promise<void> {
    await this.page.evaluate(async () => {
      const two = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      await two();
      const finite = document.getAnimations().filter((each) => each.effect?.getComputedTiming().endTime !== Infinity);
      await Promise.allSettled(finite.map((each) => each.finished));
      await two();
    });
  }

  /** A picture of the window as it stands. */
  async picture(file: string): Promise<void> {
    await this.settled();
    await this.page.screenshot({ path: file });
  }
}
