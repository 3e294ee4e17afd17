import { findChromium, launchChromium } from '../tests/support/browser.ts';
import { drawFaces } from '../tests/support/browser-faces/drawn-faces.ts';
import {
  enroll,
  showPhotos,
  startBackend,
  waitUntilReady,
} from '../tests/support/browser-faces/faces-page.ts';
import { buildExamplePage } from '../tests/support/example-page.ts';
import { saveScreenshot } from './save-screenshot.ts';

// Writes docs/images/browser-faces.png and browser-faces-dark.png: the page of examples/browser-faces with drawn people.
const chromium = findChromium();
if (!chromium) throw new Error('No Chromium found. Set OPENSET_CHROMIUM to its path.');
const built = await buildExamplePage('browser-faces');
const address = await built.serve();
const browser = await launchChromium(chromium);
try {
  for (const [colorScheme, name] of [
    ['light', 'browser-faces.png'],
    ['dark', 'browser-faces-dark.png'],
  ] as const) {
    const context = await browser.newContext({ viewport: { width: 1180, height: 900 }, colorScheme });
    const page = await context.newPage();
    await page.goto(address);
    await startBackend(page, 'wasm');
    for (const [person, title] of [
      ['ada', 'Ada'],
      ['alan', 'Alan'],
    ] as const) {
      const drawings = [drawFaces([{ person, smile: 1 }]), drawFaces([{ person, smile: 4, turn: 0.7 }])];
      await enroll(page, title, await Promise.all(drawings));
    }
    // The browser keeps both.
    await page.reload();
    await waitUntilReady(page);
    const buffer = await drawFaces([
      { person: 'alan', smile: 2, turn: -0.5 },
      { person: 'stranger', smile: 2 },
      { person: 'ada', smile: 3, turn: 0.4 },
    ]);
    const group = { name: 'party.png', mimeType: 'image/png', buffer };
    await showPhotos(page, [group], '3 faces: Alan, unknown and Ada.');
    await page.locator('#offline-text').getByText('This page now works').waitFor();
    await page.mouse.move(0, 0);
    await saveScreenshot(page, name);
    await context.close();
  }
} finally {
  await browser.close();
  built.close();
}
