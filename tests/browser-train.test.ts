import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { imageAt } from '../examples/browser-train/src/image-set.ts';
import { readDigits } from '../examples/browser-train/src/vite/digits-file.ts';
import { recordOutput } from '../packages/cli/src/__fixtures__/record-output.ts';
import { verify } from '../packages/cli/src/commands/verify.ts';
import { expectAccessible } from './support/accessibility.ts';
import { findChromium, launchChromium } from './support/browser.ts';
import { startBackend, waitUntilReady, waitUntilTrained } from './support/browser-train.ts';
import { type BuiltPage, buildExamplePage } from './support/example-page.ts';

const chromium = findChromium();

// Continuous integration installs a browser; elsewhere a machine without one can still pass the tests.
describe.runIf(chromium !== undefined || process.env.CI)('the page that trains', { timeout: 300_000 }, () => {
  let built: BuiltPage;
  let address: string;
  let browser: Browser;
  let context: BrowserContext;
  let folder: string;
  let onWebGl: Promise<Page>;
  const problems: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'openset-train-'));
    built = await buildExamplePage('browser-train');
    address = await built.serve();
    browser = await launchChromium(chromium as string);
    // It compiles its programs while the other tests run, and is awaited last.
    onWebGl = trainAndStop('webgl');
    onWebGl.catch(() => {});
  }, 120_000);
  afterEach(async () => {
    await context?.close();
    expect(problems.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    built?.close();
    rmSync(folder, { recursive: true });
  });

  /** Trains on a GPU until the first steps are shown. In software, compiling its programs takes most of the time. */
  async function trainAndStop(backend: 'webgl' | 'webgpu'): Promise<Page> {
    const page = await browser.newPage();
    page.setDefaultTimeout(240_000);
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(address);
    await startBackend(page, backend);
    expect(await page.textContent('#backend-text')).toBe(
      `Runs on ${backend === 'webgl' ? 'WebGL' : 'WebGPU'}.`,
    );
    await page.selectOption('#count-choice', '100');
    await page.selectOption('#epochs-choice', '12');
    await page.click('#train-button');
    await page
      .locator('#step-figure')
      .getByText(/^[1-9]\d* of 120$/)
      .waitFor();
    await page.click('#stop-button');
    await waitUntilTrained(page);
    await page
      .locator('#announcement')
      .getByText(/^The training was stopped\./)
      .waitFor({ state: 'attached' });
    return page;
  }

  async function compareTestImages(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Test image for the first pad' }).click();
    await page.getByRole('button', { name: 'Test image for the second pad' }).click();
    expect(await page.locator('.verdict').textContent()).toMatch(/^(Same|Different)$/);
    await page.close();
  }

  async function open(
    options: Parameters<Browser['newContext']>[0] = {},
    { at = address, prepare = () => {} }: { at?: string; prepare?: () => void } = {},
  ): Promise<Page> {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    await context.addInitScript(prepare);
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(at);
    return page;
  }

  it('trains digits to 95 % at the learned threshold, compares drawings, and keeps and exports the run', async () => {
    const page = await open();
    await startBackend(page, 'wasm', 2);
    expect(await page.textContent('#backend-text')).toBe('Runs on WebAssembly with 2 threads.');
    expect(await page.textContent('#images-text')).toBe('5,600 images of 0–6. Never trained on: 7–9.');
    await page.evaluate(() => {
      const line = document.querySelector<SVGElement>('#histogram .threshold')!;
      const places = new Set<string>();
      new MutationObserver(() => places.add(line.style.transform)).observe(line, { attributes: true });
      Object.assign(globalThis, { places });
    });
    await page.locator('#train-button').focus();
    await page.keyboard.press('Enter');
    await waitUntilTrained(page);
    await page
      .locator('#announcement')
      .getByText(/^The training is over/)
      .waitFor({ state: 'attached' });
    expect(await page.textContent('#threshold-legend')).toBe('threshold, learned by the loss');
    expect(await figure(page, 'accuracy')).toBeGreaterThanOrEqual(95);
    const places = await page.evaluate(() => [...(globalThis as unknown as { places: Set<string> }).places]);
    expect(places.length).toBeGreaterThan(10);
    const threshold = await figure(page, 'threshold');
    expect(await page.locator('#histogram svg').getAttribute('aria-label')).toContain(
      `The threshold is ${threshold.toFixed(2)};`,
    );
    await page.getByLabel('Digits 7–9, never trained').check();
    expect(await figure(page, 'accuracy')).toBeGreaterThan(55);
    expect(await figure(page, 'accuracy')).toBeLessThan(95);
    await page.getByLabel('Digits 0–6, new images').check();

    // Two ones, then a one and a zero.
    await drawStroke(page, 'first', [
      [0.5, 0.15],
      [0.5, 0.85],
    ]);
    await drawStroke(page, 'second', [
      [0.55, 0.2],
      [0.48, 0.8],
    ]);
    expect(await verdict(page)).toBe('Same');
    await page.getByRole('button', { name: 'Clear the second pad' }).click();
    const circle = Array.from({ length: 25 }, (_, index): Point => {
      const angle = (index / 24) * 2 * Math.PI;
      return [0.5 + 0.25 * Math.sin(angle), 0.5 - 0.33 * Math.cos(angle)];
    });
    await drawStroke(page, 'second', circle);
    await expect.poll(() => verdict(page)).toBe('Different');
    expect(await page.locator('#answer p').last().textContent()).toMatch(
      /^Cosine −?0\.\d\d is below the threshold 0\.\d\d\. Probability of the same class: .+%\.$/,
    );

    await page.click('#save-button');
    const saved = page.locator('#runs-list li');
    await saved.getByText(/^unitsface, 9\d\.\d/).waitFor();
    await page.reload();
    await startBackend(page, 'wasm');
    await page.getByRole('button', { name: /^Load unitsface/ }).click();
    await page.locator('#save-button:enabled').waitFor();
    expect(await figure(page, 'threshold')).toBe(threshold);

    const digits = readDigits().test;
    const files = await Promise.all(
      [0, 5].map((row) => writeDigit(join(folder, `${row}.png`), imageAt(digits, row))),
    );
    await page.setInputFiles('#first-file', files[0]!);
    await page.setInputFiles('#second-file', files[1]!);
    await page.locator('.verdict').waitFor();
    const shown = await page.locator('#answer p').last().textContent();
    const download = page.waitForEvent('download');
    await page.click('#export-button');
    const model = join(folder, 'model.safetensors');
    await (await download).saveAs(model);
    const { data } = await verify({ model, first: files[0]!, second: files[1]! }, recordOutput());
    expect(data.threshold).toBeCloseTo(threshold, 2);
    expect(shown).toContain(`Cosine ${data.cosine.toFixed(2).replace('-', '−')} `);
    expect(data.probability).toBeGreaterThan(0);
    expect(data.question).toEqual({ kind: 'pair', odds: 1 / 6 });

    await page.getByRole('button', { name: /^Delete unitsface/ }).click();
    await expect.poll(() => saved.count()).toBe(0);
  });

  it('says what to do about threads, pictures and saved runs that do not work, and goes on', async () => {
    const page = await open(
      {},
      {
        at: await built.serve(false),
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

    const huge = await sharp({ create: { width: 8000, height: 5000, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    await page.setInputFiles('#first-file', {
      name: 'text.png',
      mimeType: 'image/png',
      buffer: Buffer.from('text'),
    });
    await notices.getByText(/^text.png: cannot decode the image/).waitFor();
    await page.setInputFiles('#first-file', { name: 'huge.png', mimeType: 'image/png', buffer: huge });
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
    const other = await launchChromium(chromium as string, '--disable-gpu', '--disable-software-rasterizer');
    onTestFinished(() => other.close());
    const page = await other.newPage();
    await page.goto(address);
    await startBackend(page, 'webgpu');
    const notes = page.locator('#notices li');
    await notes.getByText('This browser has no WebGPU here, so the next backend was taken.').waitFor();
    await notes.getByText('This browser has no WebGL in workers, so WebAssembly was taken.').waitFor();
    expect(await page.textContent('#backend-text')).toMatch(/^Runs on WebAssembly with \d+ threads?\.$/);
  });

  it('works without IndexedDB, and trains on a folder and on drawings', async () => {
    const page = await open(
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
    const root = join(folder, 'pictures');
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
      .getByText(/^1 picture cannot be read and is skipped\. pictures\/digit-0\/damaged\.png: cannot decode/)
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
      const page = await open({ colorScheme, reducedMotion: 'reduce' });
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

  it('trains until it is stopped, and compares, on WebGL', async () => {
    await compareTestImages(await onWebGl);
  });

  // In software, a step takes more than ten seconds on WebGPU.
  it.runIf(inject('long'))('trains until it is stopped, and compares, on WebGPU', async () => {
    await compareTestImages(await trainAndStop('webgpu'));
  });
});

/** Returns a number of the page. */
async function figure(page: Page, name: 'threshold' | 'accuracy'): Promise<number> {
  return Number.parseFloat(((await page.textContent(`#${name}-figure`)) ?? '').replace('−', '-'));
}

async function verdict(page: Page): Promise<string | null> {
  return page.locator('.verdict').textContent();
}

/** A place on a pad, from 0 to 1. */
type Point = readonly [x: number, y: number];

async function drawStroke(
  page: Page,
  pad: 'first' | 'second',
  [start, ...points]: readonly Point[],
): Promise<void> {
  const canvas = page.locator(`#${pad}-pad canvas`);
  await canvas.scrollIntoViewIfNeeded();
  const box = (await canvas.boundingBox())!;
  const at = ([x, y]: Point) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(start!));
  await page.mouse.down();
  for (const point of points) await page.mouse.move(...at(point), { steps: 4 });
  await page.mouse.up();
}

/** Writes a digit as a picture, and returns the path. */
async function writeDigit(path: string, pixels: Uint8Array): Promise<string> {
  await sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } })
    .png()
    .toFile(path);
  return path;
}
