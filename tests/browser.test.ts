import { readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowserReport } from './browser/page.ts';
import { findChromium, launchChromium, serveFolders } from './support/browser.ts';
import { rootFolder } from './support/workspace.ts';

const chromium = findChromium();
if (!chromium)
  console.warn(
    'No Chromium found: the losses are not tested in a browser. Set OPENSET_CHROMIUM to its path.',
  );

// Continuous integration installs it; elsewhere a machine without a browser can still pass the tests.
describe.runIf(chromium !== undefined || process.env.CI)('in Chromium', () => {
  const output = join(rootFolder, '.cache', 'browser');
  let browser: Browser;
  let page: Page;
  let server: Server;

  beforeAll(async () => {
    await build({
      root: join(rootFolder, 'tests', 'browser'),
      logLevel: 'error',
      resolve: { conditions: ['@openset/source', 'browser', 'module', 'import', 'default'] },
      build: { outDir: output, emptyOutDir: true, target: 'esnext', minify: false },
    });
    const backend = dirname(
      import.meta.resolve('@tensorflow/tfjs-backend-wasm/package.json').replace('file://', ''),
    );
    const served = await serveFolders({ '/wasm/': join(backend, 'dist'), '/': output });
    server = served.server;
    browser = await launchChromium(chromium as string);
    page = await browser.newPage();
    await page.goto(served.address);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(output, { recursive: true, force: true });
  });

  it.for(['cpu', 'wasm', 'webgl', 'webgpu'])(
    'the losses meet the reference values on %s',
    { timeout: 120_000 },
    async (backend, { skip }) => {
      const fixtures = readFileSync(join(rootFolder, 'packages/cli/src/__fixtures__/losses.json'), 'utf8');
      type Page = { runOn(backend: string, fixtures: string): Promise<BrowserReport> };
      const report = await page.evaluate(
        ([name, text]) => (globalThis as unknown as Page).runOn(name as string, text as string),
        [backend, fixtures],
      );
      // Not every browser has WebGPU; the one of continuous integration does, in software.
      if (report.backend === 'none' && backend === 'webgpu' && !process.env.CI)
        skip('this browser has no WebGPU');
      expect(report).toMatchObject({ backend, passed: 52, failed: [] });
      // At the first class's axis the negatives have the cosines 0 and −1, at the second 0 and 0, at the third 0 and −1.
      const starts = [Math.log(1 + Math.exp(-4)), Math.log(2), Math.log(1 + Math.exp(-4))];
      expect(report.threshold).toBeCloseTo(starts.reduce((sum, start) => sum + start / 3, 0) / 4, 4);
    },
  );
});
