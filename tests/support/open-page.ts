import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { launchChromium, serveFolders } from './browser.ts';
import { rootFolder } from './workspace.ts';

/** A page of `tests/browser` in Chromium. */
export interface OpenPage {
  readonly page: Page;
  /** Closes the browser, and deletes the built page. */
  readonly close: () => Promise<void>;
}

/**
 * Builds a page of `tests/browser` and opens it. The server also has the files of the wasm backend and of `onnxruntime-web`, and the
 * models of `@vladmandic/human`.
 * @param chromium path of the browser, as `findChromium` returns it
 * @param file name of the page
 */
export async function openPage(chromium: string, file: string): Promise<OpenPage> {
  const output = mkdtempSync(join(tmpdir(), 'openset-page-'));
  const root = join(rootFolder, 'tests', 'browser');
  await build({
    root,
    logLevel: 'error',
    resolve: { conditions: ['@openset/source', 'browser', 'module', 'import', 'default'] },
    build: {
      outDir: output,
      emptyOutDir: true,
      target: 'esnext',
      minify: false,
      rollupOptions: { input: join(root, file) },
    },
  });
  const backend = dirname(
    import.meta.resolve('@tensorflow/tfjs-backend-wasm/package.json').replace('file://', ''),
  );
  const { address, server } = await serveFolders({
    '/wasm/': join(backend, 'dist'),
    '/onnxruntime/': join(rootFolder, 'node_modules', 'onnxruntime-web', 'dist'),
    '/models/': join(rootFolder, 'node_modules', '@vladmandic', 'human', 'models'),
    '/': output,
  });
  const browser = await launchChromium(chromium);
  const page = await browser.newPage();
  await page.goto(`${address}${file}`);
  const close = async () => {
    await browser.close();
    server.close();
    rmSync(output, { recursive: true });
  };
  return { page, close };
}
