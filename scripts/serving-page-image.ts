import { findChromium, launchChromium } from '../tests/support/browser.ts';
import { drawPhoto } from '../tests/support/serving-page/drawn-photos.ts';
import { startPage } from '../tests/support/serving-page/start-page.ts';
import { saveScreenshot } from './save-screenshot.ts';

// Writes docs/images/serving-page.png: the page of the service, with drawn people.
const chromium = findChromium();
if (!chromium) throw new Error('No Chromium found. Set OPENSET_CHROMIUM to its path.');
const { server, address } = await startPage();
const browser = await launchChromium(chromium);
const page = await browser.newPage({ viewport: { width: 1180, height: 900 }, colorScheme: 'light' });
await page.goto(address);
for (const [name, person] of [
  ['Grace', 'grace'],
  ['Ada', 'ada'],
] as const) {
  const photos = [await drawPhoto([person], 1), await drawPhoto([person], 2)];
  await page.fill('#enroll-name', name);
  await page.setInputFiles(
    '#enroll-files',
    photos.map((buffer, index) => ({ name: `${index}.png`, mimeType: 'image/png', buffer })),
  );
  await page.click('#enroll-form [type=submit]');
  await page.locator('#enroll-result').getByText(name).waitFor();
}
const buffer = await drawPhoto(['grace', 'stranger', 'ada', null], 5);
await page.setInputFiles('#identify-file', { name: 'party.png', mimeType: 'image/png', buffer });
await page.locator('main').getByText('4 faces').waitFor();
await page.locator('#point-choices input').nth(1).waitFor();
await saveScreenshot(page, 'serving-page.png');
await browser.close();
await server.close();
