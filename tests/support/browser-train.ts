import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { serveFolders } from './browser.ts';
import { rootFolder } from './workspace.ts';

/** The built page of `examples/browser-train`. */
export interface BuiltPage {
  /** Starts a server of the page. @param isIsolated whether threads of WebAssembly may run */
  serve(isIsolated?: boolean): Promise<string>;
  /** Ends the servers, and deletes the page. */
  close(): void;
}

/** Builds the page of `examples/browser-train`. */
export async function buildTrainPage(): Promise<BuiltPage> {
  const folder = mkdtempSync(join(tmpdir(), 'openset-train-page-'));
  const configFile = join(rootFolder, 'examples', 'browser-train', 'vite.config.ts');
  await build({ configFile, logLevel: 'error', build: { outDir: folder, emptyOutDir: true } });
  const servers: { close(): unknown }[] = [];
  return {
    async serve(isIsolated = true) {
      const { address, server } = await serveFolders({ '/': folder }, isIsolated);
      servers.push(server);
      return address;
    },
    close() {
      for (const server of servers) server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Chooses a backend, and waits until the page can train. */
export async function startBackend(
  page: Page,
  backend: 'webgpu' | 'webgl' | 'wasm',
  threads?: number,
): Promise<void> {
  await page.selectOption('#backend-choice', backend);
  await waitUntilReady(page);
  if (threads === undefined) return;
  await page.selectOption('#threads-choice', String(threads));
  await waitUntilReady(page);
}

/** Waits until the page can train. */
export async function waitUntilReady(page: Page): Promise<void> {
  await page.locator('#train-button:enabled').waitFor();
}

/** Waits until a training is over. @throws if it failed */
export async function waitUntilTrained(page: Page): Promise<void> {
  await page.locator('#save-button:enabled').waitFor({ timeout: 300_000 });
}
