import type { Page } from 'playwright-core';
import { chooseBackend } from '../example-page.ts';

/** A file for an input of a page. */
export interface PictureFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

export const jpegFile = (name: string, buffer: Buffer): PictureFile => ({
  name,
  mimeType: 'image/jpeg',
  buffer,
});

/** Waits until the page has its networks. */
export async function waitUntilReady(page: Page): Promise<void> {
  await page.locator('#enroll-button:enabled').waitFor();
}

/** Chooses a backend, and waits until the page has its networks. */
export function startBackend(
  page: Page,
  backend: 'webgpu' | 'webgl' | 'wasm',
  threads?: number,
): Promise<void> {
  return chooseBackend(page, backend, waitUntilReady, threads);
}

/** Enrolls a person from photos, and waits until the page says so. */
export async function enroll(page: Page, name: string, photos: readonly Buffer[]): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.setInputFiles(
    '#enroll-input',
    photos.map((photo, place) => jpegFile(`${name}-${place}.jpg`, photo)),
  );
  await page.locator(`#enroll-samples li:nth-child(${photos.length})`).waitFor();
  await page.getByRole('button', { name: 'Enroll', exact: true }).click();
  await page.locator('#enroll-result').getByText(name).first().waitFor();
}

/** Shows photos to the page, and waits until its summary is a text. */
export async function showPhotos(page: Page, photos: readonly PictureFile[], summary: string): Promise<void> {
  await page.setInputFiles('#photos-input', [...photos]);
  await page.locator('#summary').getByText(summary, { exact: true }).waitFor();
}
