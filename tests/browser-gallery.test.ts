import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {} from './browser/gallery.ts';
import { findChromium } from './support/browser.ts';
import { openPage } from './support/open-page.ts';

const chromium = findChromium();

// Continuous integration installs it; elsewhere a machine without a browser can still pass the tests.
describe.runIf(chromium !== undefined || process.env.CI)('a gallery in IndexedDB of Chromium', () => {
  let page: Page;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ page, close } = await openPage(chromium as string, 'gallery.html'));
  });

  afterAll(() => close?.());

  it('passes the conformance suite', async () => {
    const { passed, failed } = await page.evaluate(() => galleryInBrowser.conformance());
    expect(failed).toEqual([]);
    expect(passed).toBeGreaterThan(200);
  });

  it('keeps people when the page is loaded again', async () => {
    await page.evaluate(() => galleryInBrowser.open('kept'));
    expect(await page.evaluate(() => galleryInBrowser.enroll('Ada', 2))).toBeNull();
    await page.reload();
    await page.evaluate(() => galleryInBrowser.open('kept'));
    expect(await page.evaluate(() => galleryInBrowser.count())).toEqual({ people: 1, embeddings: 2 });
  });

  it('is not changed when the storage of the page is full, and works again with more space', async () => {
    // Another origin, because Chromium remembers for a while how much space is left.
    await page.goto(page.url().replace('127.0.0.1', 'localhost'));
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(page.url());
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1e6 });
    await page.evaluate(() => galleryInBrowser.open('full'));
    expect(await page.evaluate(() => galleryInBrowser.enroll('Ada', 1))).toBeNull();
    // 8 MB.
    const error = await page.evaluate(() => galleryInBrowser.enroll('Bob', 4000));
    expect(error).toEqual([
      'StoreError',
      expect.stringMatching(
        /^The storage that the browser grants this page is full; the page uses 0\.\d MB\. The gallery 'full' was not changed: /,
      ),
    ]);
    expect(await page.evaluate(() => galleryInBrowser.count())).toEqual({ people: 1, embeddings: 1 });
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    expect(await page.evaluate(() => galleryInBrowser.enroll('Bob', 4000))).toBeNull();
    expect(await page.evaluate(() => galleryInBrowser.count())).toEqual({ people: 2, embeddings: 4001 });
  });

  it('closes when another tab brings it to a later version or deletes it', async () => {
    const popup = page.waitForEvent('popup');
    await page.evaluate(() => void window.open(location.href));
    const other = await popup;
    for (const [action, message] of [
      ['open', "Another tab changed the gallery 'two tabs' to version 9: reload this page."],
      ['delete', "Another tab deleted the gallery 'two tabs': open it again to make a new one."],
    ] as const) {
      await page.evaluate(() => galleryInBrowser.open('two tabs'));
      expect(await page.evaluate(() => galleryInBrowser.enroll('Ada', 1))).toBeNull();
      const end = await other.evaluate(
        (what) =>
          new Promise((resolve) => {
            const request =
              what === 'open' ? indexedDB.open('two tabs', 9) : indexedDB.deleteDatabase('two tabs');
            request.onsuccess = () => {
              request.result?.close();
              resolve('success');
            };
            request.onblocked = () => resolve('blocked');
            request.onerror = () => resolve(`${request.error}`);
          }),
        action,
      );
      expect(end).toBe('success');
      expect(await page.evaluate(() => galleryInBrowser.enroll('Bob', 1))).toEqual(['StoreError', message]);
      if (action === 'open') {
        const opening = page.evaluate(() => galleryInBrowser.open('two tabs'));
        await expect(opening).rejects.toThrow(/was written by a later version of this page/);
        await page.evaluate(() => void indexedDB.deleteDatabase('two tabs'));
      }
    }
    await other.close();
  });
});
