import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { rootFolder } from '../tests/support/workspace.ts';

/** Writes a whole page as a small PNG file into docs/images. */
export async function saveScreenshot(page: Page, name: string): Promise<void> {
  const image = await sharp(await page.screenshot({ fullPage: true }))
    .png({ palette: true, effort: 10 })
    .toBuffer();
  const folder = join(rootFolder, 'docs', 'images');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), image);
  console.log(`docs/images/${name}: ${image.length} bytes`);
}
