import { describe, expect, it } from 'vitest';
import type {} from './browser/minified.ts';
import { findChromium } from './support/browser.ts';
import { buildWithEsbuild, buildWithVite, openPage } from './support/open-page.ts';

const chromium = findChromium();

// tests/browser.test.ts says so if there is no browser.
describe.runIf(chromium !== undefined || process.env.CI)('a page minified by', () => {
  it.each([
    ['Vite', (file: string, output: string) => buildWithVite(file, output, true)],
    ['esbuild', buildWithEsbuild],
  ] as const)('%s multiplies and trains with 2 threads of wasm', async (_, buildPage) => {
    const { page, close } = await openPage(chromium as string, 'minified.html', buildPage);
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(String(error)));
    try {
      const products: number[] = [];
      for (const threads of [2, 1]) {
        const { enabled, product } = await page.evaluate(
          (count) => inMinifiedPage.withThreads(count),
          threads,
        );
        expect(enabled).toMatchObject({ threads, sharedMemory: true, notes: [] });
        products.push(product);
        const { losses, leaked } = await page.evaluate(() => inMinifiedPage.train());
        expect(losses[2]).toBeLessThan(losses[0]!);
        expect(leaked).toBe(0);
      }
      expect(products[1]).toBe(products[0]);
      expect(failures).toEqual([]);
    } finally {
      await close();
    }
  });
});
