import sharp from 'sharp';
import { imageAt } from '../examples/browser-train/src/image-set.ts';
import { readDigits } from '../examples/browser-train/src/vite/digits-file.ts';
import { findChromium, launchChromium } from '../tests/support/browser.ts';
import { startBackend, waitUntilTrained } from '../tests/support/browser-train.ts';
import { buildExamplePage } from '../tests/support/example-page.ts';
import { saveScreenshot } from './save-screenshot.ts';

// Writes docs/images/browser-train.png and browser-train-dark.png: the page of examples/browser-train after a training.
const chromium = findChromium();
if (!chromium) throw new Error('No Chromium found. Set OPENSET_CHROMIUM to its path.');
const built = await buildExamplePage('browser-train');
const address = await built.serve();
const browser = await launchChromium(chromium);
const { test } = readDigits();
try {
  for (const [colorScheme, name] of [
    ['light', 'browser-train.png'],
    ['dark', 'browser-train-dark.png'],
  ] as const) {
    const page = await browser.newPage({ viewport: { width: 1180, height: 900 }, colorScheme });
    await page.goto(address);
    await startBackend(page, 'wasm', 2);
    await page.click('#train-button');
    await waitUntilTrained(page);
    // Two images of the same digit.
    const rows = [...test.labels.keys()].filter((row) => test.labels[row] === 3);
    for (const [place, pad] of ['first', 'second'].entries()) {
      const pixels = imageAt(test, rows[place + 1]!);
      const buffer = await sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } })
        .png()
        .toBuffer();
      await page.setInputFiles(`#${pad}-file`, { name: `${pad}.png`, mimeType: 'image/png', buffer });
    }
    await page.locator('.verdict').waitFor();
    await page.mouse.move(0, 0);
    await saveScreenshot(page, name);
    await page.close();
  }
} finally {
  await browser.close();
  built.close();
}
