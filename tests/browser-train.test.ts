// @isolate: it runs commands which start wasm, and other tests leave tensors there.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { imageAt } from '../examples/browser-train/src/image-set.ts';
import { readDigits } from '../examples/browser-train/src/vite/digits-file.ts';
import { recordOutput } from '../packages/cli/src/__fixtures__/record-output.ts';
import { evaluate } from '../packages/cli/src/commands/evaluate.ts';
import { verify } from '../packages/cli/src/commands/verify.ts';
import { findChromium } from './support/browser.ts';
import {
  drawStroke,
  figure,
  type Point,
  startBackend,
  useTrainPages,
  verdict,
  waitUntilTrained,
  writeDigit,
} from './support/browser-train.ts';

// Continuous integration installs a browser; elsewhere a machine without one can still pass the tests.
describe.runIf(findChromium() !== undefined || process.env.CI)(
  'the page that trains',
  { timeout: 300_000 },
  () => {
    const pages = useTrainPages();
    let onWebGl: Promise<Page>;

    beforeAll(() => {
      // It compiles its programs while the other tests run, and is awaited last.
      onWebGl = trainAndStop('webgl');
      onWebGl.catch(() => {});
    });

    /** Trains on a GPU until the first steps are shown. In software, compiling its programs takes most of the time. */
    async function trainAndStop(backend: 'webgl' | 'webgpu'): Promise<Page> {
      const page = await pages().browser.newPage();
      page.setDefaultTimeout(240_000);
      page.on('pageerror', (error) => pages().problems.push(String(error)));
      await page.goto(pages().address);
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

    it('trains digits to 95 % at the learned threshold, compares drawings, and keeps and exports the run', async () => {
      const page = await pages().open();
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
      const places = await page.evaluate(() => [
        ...(globalThis as unknown as { places: Set<string> }).places,
      ]);
      expect(places.length).toBeGreaterThan(10);
      const threshold = await figure(page, 'threshold');
      expect(await page.locator('#histogram svg').getAttribute('aria-label')).toContain(
        `The threshold is ${threshold.toFixed(2)};`,
      );
      await page.getByLabel('Digits 7–9, never trained').check();
      expect(await figure(page, 'accuracy')).toBeGreaterThan(55);
      expect(await figure(page, 'accuracy')).toBeLessThan(95);
      await page.getByLabel('Digits 0–6, new images').check();

      // Two ones, the second by keyboard, then a one and a zero.
      await drawStroke(page, 'first', [
        [0.5, 0.15],
        [0.5, 0.85],
      ]);
      await page.locator('#second-pad canvas').focus();
      for (let step = 0; step < 6; step++) await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Space');
      for (let step = 0; step < 12; step++) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Space');
      await expect.poll(() => verdict(page)).toBe('Same');
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
        [0, 5].map((row) => writeDigit(join(pages().folder, `${row}.png`), imageAt(digits, row))),
      );
      await page.setInputFiles('#first-file', files[0]!);
      await page.setInputFiles('#second-file', files[1]!);
      await page.locator('.verdict').waitFor();
      const shown = await page.locator('#answer p').last().textContent();
      const download = page.waitForEvent('download');
      await page.click('#export-button');
      const model = join(pages().folder, 'model.safetensors');
      await (await download).saveAs(model);
      const { data } = await verify({ model, first: files[0]!, second: files[1]! }, recordOutput());
      expect(data.threshold).toBeCloseTo(threshold, 2);
      expect(shown).toContain(`Cosine ${data.cosine.toFixed(2).replace('-', '−')} `);
      expect(data.probability).toBeGreaterThan(0);
      expect(data.question).toEqual({ kind: 'pair', odds: 1 / 6 });
      const people = join(pages().folder, 'people');
      for (const digit of [0, 1, 2]) {
        mkdirSync(join(people, `digit-${digit}`), { recursive: true });
        const rows = [...digits.labels.keys()].filter((row) => digits.labels[row] === digit).slice(0, 6);
        for (const row of rows)
          await writeDigit(join(people, `digit-${digit}`, `${row}.png`), imageAt(digits, row));
      }
      const { data: measured } = await evaluate({ model, data: people }, recordOutput());
      expect(measured.threshold).toBe(data.threshold);
      expect(measured.question).toEqual(data.question);
      expect(measured.same).toBe(45);
      expect(measured.accuracy.estimate).toBeGreaterThan(0.8);

      await page.getByRole('button', { name: /^Delete unitsface/ }).click();
      await expect.poll(() => saved.count()).toBe(0);
    });

    it('trains until it is stopped, and compares, on WebGL', async () => {
      await compareTestImages(await onWebGl);
    });

    // In software, a step takes more than ten seconds on WebGPU.
    it.runIf(inject('long'))('trains until it is stopped, and compares, on WebGPU', async () => {
      await compareTestImages(await trainAndStop('webgpu'));
    });
  },
);
