import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryGallery } from '@openset/gallery';
import { addKey, createKey, openKeys, QueueFullError } from '@openset/server';
import type { Browser, BrowserContext, Page, Route } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openRecognizer } from '../packages/cli/src/recognizer/open-recognizer.ts';
import { expectAccessible } from './support/accessibility.ts';
import { findChromium, launchChromium } from './support/browser.ts';
import { drawPhoto } from './support/serving-page/drawn-photos.ts';
import { startPage } from './support/serving-page/start-page.ts';

const chromium = findChromium();
const require = createRequire(import.meta.url);

const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'image/png', buffer });

// Continuous integration installs a browser; elsewhere a machine without one can still pass the tests.
describe.runIf(chromium !== undefined || process.env.CI)('the page of the service', () => {
  let browser: Browser;
  let context: BrowserContext;
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium(chromium as string, '--use-fake-device-for-media-stream');
  });
  afterEach(async () => {
    await context?.close();
    // Whatever the policy of the page refuses is an error in the console.
    expect(problems.splice(0)).toEqual([]);
  });
  afterAll(() => browser?.close());

  async function open(
    options: Parameters<typeof startPage>[0] = {},
    contextOptions: Parameters<Browser['newContext']>[0] = {},
  ) {
    const started = await startPage(options);
    context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...contextOptions });
    context.on('close', () => started.server.close());
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      // The browser reports every answer that is no success.
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        problems.push(message.text());
    });
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol !== 'blob:' && origin !== started.address) problems.push(`request to ${request.url()}`);
    });
    await page.goto(started.address);
    return { ...started, page };
  }

  async function enroll(page: Page, name: string, ...photos: Buffer[]) {
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page
      .locator('#enroll-files')
      .setInputFiles(photos.map((photo, index) => file(`${name}-${index}.png`, photo)));
    await page.getByRole('button', { name: 'Enroll', exact: true }).click();
  }

  const search = (page: Page, photo: Buffer) =>
    page.locator('#identify-file').setInputFiles(file('photo.png', photo));

  it('enrolls two people, recognises them, calls a stranger unknown, and forgets who is deleted', async () => {
    const { page, gallery } = await open();
    await page.locator('main').getByText('Nobody is enrolled yet.').waitFor();
    await enroll(page, 'Ada', await drawPhoto(['ada'], 1), await drawPhoto(['ada'], 2));
    await page.locator('main').getByText('Ada is enrolled with 2 photos.').waitFor();
    await enroll(
      page,
      'Grace <b>',
      await drawPhoto(['grace'], 1),
      Buffer.from('text'),
      await drawPhoto([null], 3),
    );
    await page.locator('main').getByText('Grace <b> is enrolled with 1 photo.').waitFor();
    await page.locator('main').getByText('Grace <b>-2.png: The face is turned away.').waitFor();
    await page.locator('main').getByText('2 people, 3 photos.').waitFor();

    await enroll(page, 'Ada again', await drawPhoto(['ada'], 6));
    await page
      .locator('#enroll-result')
      .getByText(/^Warning: Ada again-0.png: this face could be Ada, who is enrolled/)
      .waitFor();
    await page.getByRole('button', { name: 'Delete Ada again' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.locator('main').getByText('2 people, 3 photos.').waitFor();

    await search(page, await drawPhoto(['grace', 'stranger', 'ada', null], 5));
    await page
      .locator('main')
      .getByText('4 faces: Grace <b>, unknown, Ada, not recognised.', { exact: true })
      .waitFor();
    expect(await page.locator('.photo .box').allTextContents()).toEqual([
      'Grace <b>',
      'unknown',
      'Ada',
      'not recognised',
    ]);
    const boxes = await page
      .locator('.photo .box')
      .evaluateAll((found) => found.map((box) => box.style.left));
    // 70 of 980 pixels.
    expect(Number.parseFloat(boxes[0]!)).toBeCloseTo(100 * (70 / 980), 3);
    const [found] = await gallery.search(
      (await gallery.embeddings((await gallery.find({ name: 'Ada' }))!.id))![0]!.values,
    );
    expect(found!.identity).toBe('Ada');
    const ada = page.locator('.faces > li').nth(2);
    await expect
      .poll(() => ada.getByRole('img').getAttribute('aria-label'))
      .toMatch(/^Cosine 0\.\d\d on a scale from 0 to 1\. It reaches the threshold, 0\.59\.$/);
    const stranger = page.locator('.faces > li').nth(1);
    expect(await stranger.getByRole('img').getAttribute('aria-label')).toContain('It is below the threshold');
    expect(await stranger.textContent()).toMatch(/Nearest, but below the threshold: (Ada|Grace <b>)\./);
    expect(await page.locator('.faces > li').nth(3).textContent()).toContain('The face is turned away.');

    await page.getByRole('button', { name: 'Delete Ada', exact: true }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(await gallery.find({ name: 'Ada' })).not.toBeNull();
    await page.getByRole('button', { name: 'Delete Ada', exact: true }).click();
    await page.getByRole('dialog', { name: 'Delete Ada?' }).getByRole('button', { name: 'Delete' }).click();
    // The photo is searched again.
    await page
      .locator('main')
      .getByText('4 faces: Grace <b>, unknown, unknown, not recognised.', { exact: true })
      .waitFor();
    expect((await gallery.people()).people.map(({ name }) => name)).toEqual(['Grace <b>']);
  });

  it('renames people, removes single photos, and turns pages', async () => {
    const { page, gallery } = await open();
    for (let person = 0; person < 11; person++) {
      const values = Float32Array.from({ length: 16 }, (_, axis) => Number(axis === person) + 0.1);
      await gallery.enroll(`Person ${String.fromCharCode(65 + person)}`, [
        { values, source: 'first.jpg' },
        { values: values.map((value) => value + 0.1), source: 'second.jpg' },
      ]);
    }
    await page.reload();
    await page.locator('main').getByText('11 people, 22 photos.').waitFor();
    await page.getByText('Person J').waitFor();
    expect(await page.locator('#people-list > li').count()).toBe(10);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('Person K').waitFor();
    expect(await page.locator('#people-list > li').count()).toBe(1);

    await page.getByRole('button', { name: 'Photos of Person K' }).click();
    await page.getByRole('button', { name: 'Remove first.jpg of Person K' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.locator('main').getByText('11 people, 21 photos.').waitFor();

    await page.getByRole('button', { name: 'Rename Person K' }).click();
    const name = page.getByLabel('New name');
    await name.fill('Person A');
    await name.press('Enter');
    await page.locator('#rename-problem').getByText('Person A').waitFor();
    await name.fill('Zoë');
    await name.press('Enter');
    await page.locator('main').getByText('Zoë').waitFor();
    await page.getByRole('button', { name: 'Delete Zoë' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    // The page of the list is gone: the one before is shown.
    await page.getByText('Person J').waitFor();
    expect((await gallery.count()).people).toBe(10);
  });

  it('chooses an operating point, says what it costs, and goes back to the model', async () => {
    const { page, gallery } = await open();
    await enroll(page, 'Ada', await drawPhoto(['ada'], 1));
    await page.locator('main').getByText('Ada is enrolled with 1 photo.').waitFor();
    await search(page, await drawPhoto(['ada'], 4));
    await page.locator('main').getByText('1 face: Ada.', { exact: true }).waitFor();
    const strict = page.getByRole('radio', { name: /^0\.3 % of strangers/ });
    const label = await page.locator('.choice', { has: strict }).textContent();
    expect(label).toMatch(/misses [\d.]+ % of enrolled people, threshold 0\.\d\d/);
    await strict.check();
    await page.getByRole('button', { name: 'Use this threshold' }).click();
    await expect
      .poll(() => gallery.facts.operatingPoint?.question)
      .toEqual({ kind: 'gallery', size: 1, rate: 0.003 });
    const threshold = gallery.facts.operatingPoint!.threshold;
    expect(label).toContain(`threshold ${threshold.toFixed(2)}`);
    // The photo is searched again.
    await page
      .getByText(`Threshold ${threshold.toFixed(2)} among 1 person. Of the strangers, 0.30 %`)
      .waitFor();
    expect(await strict.isChecked()).toBe(true);
    await page.getByRole('radio', { name: /^Threshold of the model/ }).check();
    await page.getByRole('button', { name: 'Use this threshold' }).click();
    await expect.poll(() => gallery.facts.operatingPoint).toBeNull();
  });

  it('shows the latest answer about thresholds, and keeps a choice that is not sent yet', async () => {
    const { page } = await open();
    const legend = (people: string) => page.getByText(`Threshold among ${people}`).waitFor();
    await legend('0 people');
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const points = '**/v1/operating-points';
    const handler = async (route: Route) => {
      const response = await route.fetch();
      await released;
      await route.fulfill({ response });
    };
    await page.route(points, handler, { times: 1 });
    await enroll(page, 'Ada', await drawPhoto(['ada'], 1));
    await page.locator('main').getByText('Ada is enrolled with 1 photo.').waitFor();
    await enroll(page, 'Grace', await drawPhoto(['grace'], 1));
    await legend('2 people');
    const strict = page.getByRole('radio', { name: /^0\.3 % of strangers/ });
    await strict.check();
    const late = page.waitForEvent('requestfinished', (request) =>
      request.url().endsWith('operating-points'),
    );
    release();
    await late;
    // The answer of the time before Grace has come.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
    await legend('2 people');
    await enroll(page, 'Stranger', await drawPhoto(['stranger'], 1));
    await legend('3 people');
    expect(await strict.isChecked()).toBe(true);
  });

  it('takes photos that are dropped and pasted, and says what went wrong', async () => {
    const { page, recognizer } = await open();
    const give = (event: string, photo: Buffer) =>
      page.evaluate(
        ([name, base64]) => {
          const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], 'photo.png', { type: 'image/png' }));
          const target = document.getElementById('drop-zone')!;
          target.dispatchEvent(
            name === 'paste'
              ? new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true })
              : new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }),
          );
        },
        [event, photo.toString('base64')] as const,
      );
    await give('drop', await drawPhoto(['ada']));
    await page.locator('main').getByText('1 face: unknown.', { exact: true }).waitFor();
    await page.locator('main').getByText('Nobody is enrolled yet.').first().waitFor();
    await give('paste', await drawPhoto([]));
    await page.locator('main').getByText('No face was found on this photo.').first().waitFor();

    await give('paste', Buffer.from('text'));
    const alert = page.getByRole('alert');
    expect(await alert.textContent()).toMatch(/^The file is not an image/);
    recognizer.failures.push(new QueueFullError(7));
    await give('drop', await drawPhoto(['grace']));
    await alert.getByText('The service is busy: try again in 7 s.').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('main').getByText('1 face: unknown.', { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Enroll this face' }).click();
    expect(await page.locator(':focus').getAttribute('id')).toBe('enroll-name');
    await page.getByRole('button', { name: 'Enroll', exact: true }).click();
    await page.locator('main').getByText('Type the name of the person.').first().waitFor();
    // Two faces and none: nothing can be enrolled.
    await page.reload();
    await enroll(page, 'Both', await drawPhoto(['ada', 'grace']), await drawPhoto([null]));
    await page.locator('#enroll-problem').getByText('No image can be enrolled.').waitFor();
    const refused = page.locator('#enroll-result li');
    expect(await refused.allTextContents()).toEqual([
      expect.stringMatching(/^Both-0.png: 2 faces/),
      'Both-1.png: The face is turned away.',
    ]);
    await page.getByLabel('With several faces, take the largest').check();
    await page.getByRole('button', { name: 'Enroll', exact: true }).click();
    await page.locator('#enroll-result').getByText('Both is enrolled with 1 photo.').waitFor();
  });

  it('asks for the key, says why a key is refused, and keeps it in this tab only', async ({
    onTestFinished,
  }) => {
    const folder = mkdtempSync(join(tmpdir(), 'openset-keys-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'keys.json');
    const keyOf = async (name: string, scope: 'read' | 'admin') => {
      const { key, record } = createKey({ name, scopes: [scope] });
      await addKey(path, record);
      return key;
    };
    const [reader, admin] = [await keyOf('reader', 'read'), await keyOf('admin', 'admin')];
    const { page } = await open({ keys: await openKeys(path) });
    const key = page.getByLabel('Key', { exact: true });
    await key.fill(`${reader}x`);
    await key.press('Enter');
    await page.getByRole('alert').getByText('does not know this key').waitFor();
    await key.fill(reader);
    await key.press('Enter');
    await page.locator('main').getByText('Nobody is enrolled yet.').waitFor();
    await enroll(page, 'Ada', await drawPhoto(['ada'], 1));
    await page.locator('#enroll-problem').getByText("This needs a key with the scope 'enroll'.").waitFor();

    await page.getByRole('button', { name: 'Change key' }).click();
    await key.fill(admin);
    await key.press('Enter');
    await page.getByRole('button', { name: 'Enroll', exact: true }).click();
    await page.locator('main').getByText('Ada is enrolled with 1 photo.').waitFor();
    await page.reload();
    await page.locator('main').getByText('1 person, 1 photo.').waitFor();
    expect(await page.evaluate(() => [sessionStorage.length, localStorage.length, document.cookie])).toEqual([
      1,
      0,
      '',
    ]);
    const other = await context.newPage();
    await other.goto(page.url());
    await other.getByRole('dialog', { name: 'Key of the service' }).waitFor();
  });

  it('takes photos with the camera, and says if it may not', async () => {
    const { page } = await open();
    await page.locator('#identify-camera').click();
    await page.getByRole('alert').getByText('This page may not use the camera.').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await context.grantPermissions(['camera']);
    await page.locator('#identify-camera').click();
    const take = page.getByRole('button', { name: 'Take', exact: true });
    await expect.poll(() => take.isEnabled()).toBe(true);
    await take.click();
    await page.locator('#identify-result').getByText('No face was found on this photo.').waitFor();
    expect(
      await page.locator('#camera-video').evaluate((video: HTMLVideoElement) => video.srcObject),
    ).toBeNull();
  });

  it.each(['light', 'dark'] as const)(
    'has no violation that axe finds, in %s colours',
    async (colorScheme) => {
      const { page } = await open({}, { colorScheme, reducedMotion: 'reduce' });
      await enroll(page, 'Ada', await drawPhoto(['ada'], 1), Buffer.from('text'));
      await page.locator('main').getByText('Ada is enrolled with 1 photo.').waitFor();
      await enroll(page, 'Grace', await drawPhoto(['grace'], 1));
      await page.locator('main').getByText('Grace is enrolled with 1 photo.').waitFor();
      await page.locator('#enroll-files').setInputFiles(file('next.png', await drawPhoto(['grace'], 2)));
      await search(page, await drawPhoto(['ada', 'stranger', null], 5));
      await page.locator('main').getByText('3 faces: Ada, unknown, not recognised.').waitFor();
      await page.getByRole('button', { name: 'Photos of Ada' }).click();
      await page.getByRole('button', { name: 'Remove Ada-0.png of Ada' }).waitFor();
      await page
        .locator('#identify-result details')
        .first()
        .evaluate((details: HTMLDetailsElement) => {
          details.open = true;
        });
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Delete Ada', exact: true }).click();
      await expectAccessible(page);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Rename Ada' }).click();
      await expectAccessible(page);
      await page.keyboard.press('Escape');
      // Nothing moves, and nothing is cut off on a small screen.
      expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      await expectAccessible(page);
    },
  );

  it('works with the keyboard alone, and says what happens', async () => {
    const { page, gallery } = await open();
    await page.locator('main').getByText('Nobody is enrolled yet.').waitFor();
    const focused = () =>
      page.evaluate(() => {
        const { id, textContent, tagName } = document.activeElement!;
        return id || `${tagName} ${textContent}`;
      });
    const order: string[] = [];
    for (let step = 0; step < 6; step++) {
      await page.keyboard.press('Tab');
      order.push(await focused());
    }
    expect(order).toEqual([
      'A Skip to the photo',
      'identify-file',
      'identify-camera',
      'enroll-name',
      'enroll-files',
      'enroll-camera',
    ]);
    // Enter on a file input opens the dialog of the system.
    await page.locator('#enroll-files').focus();
    const chooser = page.waitForEvent('filechooser');
    await page.keyboard.press('Space');
    await (await chooser).setFiles([file('ada.png', await drawPhoto(['ada'], 1))]);
    await page.locator('#enroll-name').focus();
    await page.keyboard.type('Ada');
    await page.keyboard.press('Enter');
    const said = page.locator('#announcement');
    await said.getByText('Ada is enrolled with 1 photo.').waitFor({ state: 'attached' });

    const remove = page.getByRole('button', { name: 'Delete Ada', exact: true });
    await remove.focus();
    await page.keyboard.press('Enter');
    // The safe choice has the focus, and Escape leaves everything as it was.
    expect(await focused()).toBe('confirm-cancel');
    await page.keyboard.press('Escape');
    await expect.poll(focused).toBe('BUTTON Delete');
    expect((await gallery.count()).people).toBe(1);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('confirm-button');
    await page.keyboard.press('Enter');
    await said.getByText('Ada is deleted').waitFor({ state: 'attached' });
    expect(await focused()).toBe('people-title');
    expect((await gallery.count()).people).toBe(0);
  });

  it('deletes a person whose dialog was closed and opened again before the browser said so', async () => {
    const { page, gallery } = await open();
    await enroll(page, 'Ada', await drawPhoto(['ada'], 1));
    await page.locator('main').getByText('Ada is enrolled with 1 photo.').waitFor();
    await page
      .getByRole('button', { name: 'Delete Ada', exact: true })
      .evaluate((button: HTMLButtonElement) => {
        button.click();
        document.querySelector<HTMLDialogElement>('#confirm-dialog')!.close('cancel');
        button.click();
      });
    // The event of the first closing has come.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
    await page.locator('#confirm-button').click();
    await page.locator('#announcement').getByText('Ada is deleted').waitFor({ state: 'attached' });
    expect((await gallery.count()).people).toBe(0);
  });

  it('recognises faces of photos with faceres', async ({ onTestFinished }) => {
    const recognizer = await openRecognizer({ model: 'faceres', workers: 1 });
    onTestFinished(() => recognizer.close());
    const { name, fingerprint, embeddingSize, description } = recognizer.model;
    const facts = { model: { name, fingerprint }, embeddingSize, crop: description.crop ?? null };
    const { page } = await open({ recognizer, gallery: new MemoryGallery({ ...facts, comparison: 'mean' }) });
    // Four people next to each other, of a package that the tests use anyway.
    const photo = sharp(require.resolve('@vladmandic/face-api/demo/sample6.jpg'));
    const person = (left: number, top: number) =>
      photo.clone().extract({ left, top, width: 410, height: 410 });
    const [first, second, third] = [person(150, 420), person(560, 260), person(1385, 200)];
    await enroll(page, 'First', await first.clone().png().toBuffer());
    await page.locator('main').getByText('First is enrolled with 1 photo.').waitFor();
    await enroll(page, 'Second', await second.clone().png().toBuffer());
    await page.locator('main').getByText('Second is enrolled with 1 photo.').waitFor();
    const probe = (face: sharp.Sharp) => face.clone().flop().resize(300).jpeg({ quality: 80 }).toBuffer();
    for (const [face, expected] of [
      [second, '1 face: Second.'],
      [first, '1 face: First.'],
      [third, '1 face: unknown.'],
    ] as const) {
      await search(page, await probe(face));
      await page.locator('main').getByText(expected).waitFor();
    }
    await page.getByRole('button', { name: 'Delete First' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.locator('#people-count').getByText('1 person').waitFor();
    await search(page, await probe(first));
    await page.locator('main').getByText('1 face: unknown.').waitFor();
  });
});
