import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build as esbuild } from 'esbuild';
import type { Page } from 'playwright-core';
import { build as viteBuild } from 'vite';
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
 * @param buildPage writes the files of the page to a folder
 */
export async function openPage(
  chromium: string,
  file: string,
  buildPage: (file: string, output: string) => Promise<unknown> = buildWithVite,
): Promise<OpenPage> {
  const output = mkdtempSync(join(tmpdir(), 'openset-page-'));
  await buildPage(file, output);
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
  page.setDefaultTimeout(60_000);
  await page.goto(`${address}${file}`);
  const close = async () => {
    await browser.close();
    server.close();
    rmSync(output, { recursive: true });
  };
  return { page, close };
}

const root = join(rootFolder, 'tests', 'browser');
const conditions = ['@openset/source', 'browser', 'module', 'import', 'default'];

/** Builds a page of `tests/browser` with Vite. */
export async function buildWithVite(file: string, output: string, minify = false): Promise<void> {
  await viteBuild({
    root,
    logLevel: 'error',
    resolve: { conditions, alias: { vitest: join(root, 'vitest-in-page.ts') } },
    build: {
      outDir: output,
      emptyOutDir: true,
      target: 'esnext',
      minify,
      rollupOptions: { input: join(root, file) },
    },
  });
}

/** Builds a page of `tests/browser` with esbuild, minified. */
export async function buildWithEsbuild(file: string, output: string): Promise<void> {
  const script = file.replace(/html$/, 'js');
  await esbuild({
    entryPoints: [join(root, script.replace(/js$/, 'ts'))],
    outdir: output,
    bundle: true,
    minify: true,
    format: 'iife',
    conditions,
    logLevel: 'error',
  });
  await writeFile(join(output, file), `<!doctype html><script defer src="${script}"></script>`);
}
