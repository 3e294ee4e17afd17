import type { Page } from 'playwright-core';
import { chooseBackend } from './example-page.ts';

/** Chooses a backend, and waits until the page can train. */
export function startBackend(
  page: Page,
  backend: 'webgpu' | 'webgl' | 'wasm',
  threads?: number,
): Promise<void> {
  return chooseBackend(page, backend, waitUntilReady, threads);
}

/** Waits until the page can train. */
export async function waitUntilReady(page: Page): Promise<void> {
  await page.locator('#train-button:enabled').waitFor();
}

/** Waits until a training is over. @throws if it failed */
export async function waitUntilTrained(page: Page): Promise<void> {
  await page.locator('#save-button:enabled').waitFor({ timeout: 300_000 });
}
