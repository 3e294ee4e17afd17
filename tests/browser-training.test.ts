import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type {} from './browser/training.ts';
import { findChromium } from './support/browser.ts';
import { backbones, faultOf, lossMakers } from './support/matrix.ts';
import { writeMatrixTable } from './support/matrix-page.ts';
import { openPage } from './support/open-page.ts';

const chromium = findChromium();
const isLong = inject('long');

/**
 * Returns backbone and loss of each test on a backend: all pairs in long tests, otherwise each loss once, on one of the backends. In
 * software, compiling the programs of a larger backbone takes about ten seconds.
 */
function pairsOn(backend: string): (readonly [backbone: string, loss: string])[] {
  const losses = Object.keys(lossMakers);
  if (isLong)
    return Object.keys(backbones).flatMap((backbone) => losses.map((loss) => [backbone, loss] as const));
  const own = losses.filter((_, index) => index % 2 === (backend === 'webgl' ? 0 : 1));
  return own.map((loss) => [loss === 'UniTSFaceLoss' ? 'small CNN' : 'any LayersModel', loss] as const);
}

// tests/browser.test.ts says so if there is no browser.
describe.runIf(chromium !== undefined || process.env.CI)('in Chromium', () => {
  let page: Page;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ page, close } = await openPage(chromium as string, 'training.html'));
  });
  afterAll(() => close?.());

  describe.each(['wasm', 'webgl', 'webgpu'])('on %s', (backend) => {
    let isPresent: boolean;
    beforeAll(async () => {
      isPresent = await page.evaluate((name) => trainingInBrowser.useBackend(name), backend);
      // Not every browser has WebGPU; the one of continuous integration does, in software.
      if (backend !== 'webgpu' || process.env.CI) expect(isPresent).toBe(true);
    });

    it('steps leave the memory as it is', { timeout: 300_000 }, async ({ skip }) => {
      if (!isPresent) skip('this browser does not have it');
      const reports = await page.evaluate(() =>
        trainingInBrowser.memoryOfSteps('small CNN', 'UniTSFaceLoss', 5),
      );
      expect(reports[0]!.tensors).toBeGreaterThan(20);
      expect(reports[0]!.gpuBytes > 0).toBe(backend !== 'wasm');
      // The first step makes the optimizer's state, and moves variables to the GPU.
      const settled = reports.slice(1);
      expect(settled).toEqual(settled.map(() => settled[0]));
    });

    // tests/matrix.test.ts trains each pair on wasm, in Node.
    if (backend === 'wasm') return;
    const done = new Set<string>();

    it.for(pairsOn(backend))(
      '%s learns with %s',
      { timeout: 300_000 },
      async ([backbone, loss], { skip }) => {
        if (!isPresent) skip('this browser does not have it');
        const cell = await page.evaluate(([first, second]) => trainingInBrowser.trainPair(first, second), [
          backbone,
          loss,
        ] as const);
        expect(faultOf(cell)).toBeNull();
        done.add(`${backbone}/${loss}`);
      },
    );

    afterAll(() => {
      if (isLong && isPresent) writeMatrixTable(backend, (backbone, loss) => done.has(`${backbone}/${loss}`));
    });
  });
});
