import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { serveFolders } from './browser.ts';
import { rootFolder } from './workspace.ts';

/** The built page of an example. */
export interface BuiltPage {
  /** Folder of the build. */
  readonly folder: string;
  /** Starts a server of the page. @param isIsolated whether threads of WebAssembly may run */
  serve(isIsolated?: boolean): Promise<string>;
  /** Ends the server of an address. */
  stopServing(address: string): void;
  /** Ends the servers, and deletes the page. */
  close(): void;
}

/** Builds the page of an example. @param name of the folder in `examples` */
export async function buildExamplePage(name: string): Promise<BuiltPage> {
  const folder = mkdtempSync(join(tmpdir(), `openset-${name}-`));
  const configFile = join(rootFolder, 'examples', name, 'vite.config.ts');
  await build({ configFile, logLevel: 'error', build: { outDir: folder, emptyOutDir: true } });
  const servers = new Map<string, Server>();
  const stopServing = (address: string) => {
    const server = servers.get(address);
    server?.close();
    server?.closeAllConnections();
    servers.delete(address);
  };
  return {
    folder,
    async serve(isIsolated = true) {
      const { address, server } = await serveFolders({ '/': folder }, isIsolated);
      servers.set(address, server);
      return address;
    },
    stopServing,
    close() {
      for (const address of servers.keys()) stopServing(address);
      rmSync(folder, { recursive: true });
    },
  };
}

/** Chooses the backend of a page, which `ready` waits for. */
export async function chooseBackend(
  page: Page,
  backend: 'webgpu' | 'webgl' | 'wasm',
  ready: (page: Page) => Promise<void>,
  threads?: number,
): Promise<void> {
  await page.selectOption('#backend-choice', backend);
  await ready(page);
  if (threads === undefined) return;
  await page.selectOption('#threads-choice', String(threads));
  await ready(page);
}
