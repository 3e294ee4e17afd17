import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imageAt } from '../examples/browser-train/src/image-set.ts';
import { readDigits } from '../examples/browser-train/src/vite/digits-file.ts';
import { assemblePng } from '../packages/data/src/images/__fixtures__/png-file.ts';
import { expectAccessible } from './support/accessibility.ts';
import { findChromium, launchChromium } from './support/browser.ts';
import {
  drawStroke,
  figure,
  startBackend,
  useTrainPages,
  waitUntilReady,
  waitUntilTrained,
  writeDigit,
} from './support/browser-train.ts';

// What the page does where something is missing or damaged, and for all users.
describe.runIf(findChromium() !== undefined || process.env.CI)(
  'the page that trains',
  { timeout: 300_000 },
  () => {
    const pages = useTrainPages();

    it('says what to do about threads, pictures and saved runs that do not work, and goes on', async () => {
      const page = await pages().open(
        {},
        {
          at: await pages().built.serve(false),
          prepare: () => {
            // The next save finds no room.
            const { add } = IDBObjectStore.prototype;
            IDBObjectStore.prototype.add = function (...parameters) {
              if (!('isFull' in globalThis)) return add.apply(this, parameters);
              throw new DOMException('no room', 'QuotaExceededError');
            };
          },
        },
      );
      const notices = page.locator('#notices');
      await startBackend(page, 'wasm');
      await notices
        .getByText(/^WebAssembly runs on 1 thread, because the server does not isolate this page/)
        .waitFor();
      await notices.getByRole('button', { name: 'Close' }).click();
      expect(await notices.locator('li').count()).toBe(0);

      const huge = assemblePng({ width: 8000, height: 5000, depth: 8, colourType: 2 }, new Uint8Array());
      await page.setInputFiles('#first-file', {
        name: 'text.png',
        mimeType: 'image/png',
        buffer: Buffer.from('text'),
      });
      await notices.getByText(/^text.png: cannot decode the image/).waitFor();
      await page.setInputFiles('#first-file', {
        name: 'huge.png',
        mimeType: 'image/png',
        buffer: Buffer.from(huge),
      });
      await notices.getByText(/^huge.png.*more than the limit/).waitFor();
      await notices.getByRole('button', { name: 'Close' }).first().click();
      await notices.getByRole('button', { name: 'Close' }).first().click();

      await page.selectOption('#count-choice', '100');
      await page.selectOption('#epochs-choice', '1');
      await page.selectOption('#loss-choice', 'cosface');
      await page.click('#train-button');
      await waitUntilTrained(page);
      expect(await page.textContent('#threshold-legend')).toBe('threshold, measured on held-out images');
      await page.click('#save-button');
      await page.getByRole('button', { name: /^Load cosface/ }).waitFor();
      await page.evaluate(
        () =>
          new Promise<void>((resolve) => {
            const opening = indexedDB.open('openset-browser-train');
            opening.onsuccess = () => {
              const transaction = opening.result.transaction('runs', 'readwrite');
              transaction
                .objectStore('runs')
                .put({ version: 99, name: 'of tomorrow', savedAt: new Date() }, 50);
              transaction.oncomplete = () => {
                opening.result.close();
                resolve();
              };
            };
          }),
      );
      await page.evaluate(() => Object.assign(globalThis, { isFull: true }));
      await page.click('#save-button');
      await notices.getByText(/^This browser has no room for the run\./).waitFor();
      await page.reload();
      await waitUntilReady(page);
      await page.getByRole('button', { name: /^Load of tomorrow/ }).click();
      await notices
        .getByText(
          'Another version of this page saved this run (version 99, not 1). Delete it, and train again.',
        )
        .waitFor();
      await page.getByRole('button', { name: /^Load cosface/ }).click();
      await page.locator('#save-button:enabled').waitFor();
    });

    it('trains on WebAssembly in a browser without WebGPU and WebGL, and says so', async ({
      onTestFinished,
    }) => {
      const other = await launchChromium(
        findChromium() as string,
        '--disable-gpu',
        '--disable-software-rasterizer',
      );
      onTestFinished(() => other.close());
      const page = await other.newPage();
      page.setDefaultTimeout(60_000);
      await page.goto(pages().address);
      await startBackend(page, 'webgpu');
      const notes = page.locator('#notices li');
      await notes.getByText('This browser has no WebGPU here, so the next backend was taken.').waitFor();
      await notes.getByText('This browser has no WebGL in workers, so WebAssembly was taken.').waitFor();
      expect(await page.textContent('#backend-text')).toMatch(/^Runs on WebAssembly with \d+ threads?\.$/);
    });

    it('works without IndexedDB, and trains on a folder and on drawings', async () => {
      const page = await pages().open(
        {},
        {
          prepare: () => {
            Object.defineProperty(globalThis, 'indexedDB', {
              value: {
                open: () => {
                  throw new DOMException('blocked', 'SecurityError');
                },
              },
            });
          },
        },
      );
      const notices = page.locator('#notices');
      await notices.getByText(/^This browser does not let the page save runs \(SecurityError\)/).waitFor();
      await startBackend(page, 'wasm');
      const { train } = readDigits();
      const root = join(pages().folder, 'pictures');
      for (const digit of [0, 1, 2, 3]) {
        const rows = [...train.labels.keys()].filter((row) => train.labels[row] === digit).slice(0, 12);
        mkdirSync(join(root, `digit-${digit}`), { recursive: true });
        await Promise.all(
          rows.map((row) => writeDigit(join(root, `digit-${digit}`, `${row}.png`), imageAt(train, row))),
        );
      }
      writeFileSync(join(root, 'digit-0', 'damaged.png'), 'text');
      await page.setInputFiles('#folder-input', root);
      await page
        .locator('#images-text')
        .getByText('16 images of digit-0 and digit-1. Never trained on: digit-2 and digit-3.')
        .waitFor();
      await notices
        .getByText(
          /^1 picture cannot be read and is skipped\. pictures\/digit-0\/damaged\.png: cannot decode/,
        )
        .waitFor();

      await drawStroke(page, 'first', [
        [0.2, 0.2],
        [0.8, 0.8],
      ]);
      await page.getByRole('button', { name: 'Add' }).click();
      await page.locator('#add-text').getByText('Type the name of the class.').waitFor();
      await page.getByLabel('Train on these two as').fill('stroke');
      await page.getByRole('button', { name: 'Add' }).click();
      await page.locator('#images-text').getByText('36 images of digit-0, digit-1 and stroke.').waitFor();
      await page.click('#train-button');
      await waitUntilTrained(page);
      expect(await page.locator('#trained-label').textContent()).toBe(
        'Classes digit-0, digit-1 and stroke, new images',
      );
      expect(await figure(page, 'accuracy')).toBeGreaterThan(0);
    });

    it.each(['light', 'dark'] as const)(
      'has no violation that axe finds, in %s colours',
      async (colorScheme) => {
        const page = await pages().open({ colorScheme, reducedMotion: 'reduce' });
        await startBackend(page, 'wasm');
        await expectAccessible(page);
        await page.selectOption('#count-choice', '100');
        await page.selectOption('#epochs-choice', '1');
        await page.click('#train-button');
        await waitUntilTrained(page);
        await page.click('#save-button');
        await page.locator('#runs-list li').waitFor();
        await page.setInputFiles('#first-file', {
          name: 'text.png',
          mimeType: 'image/png',
          buffer: Buffer.from('text'),
        });
        await page.locator('#notices li').waitFor();
        await page.getByRole('button', { name: 'Test image for the first pad' }).click();
        await page.getByRole('button', { name: 'Test image for the second pad' }).click();
        await page.locator('.verdict').waitFor();
        await expectAccessible(page);
        // Nothing moves, and nothing is cut off on a small screen.
        expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
        await page.setViewportSize({ width: 360, height: 740 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
        await expectAccessible(page);
      },
    );
  },
);
