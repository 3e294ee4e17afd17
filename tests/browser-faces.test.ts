import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPretrained } from '@openset/pretrained/node';
import { modelFingerprint } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { assemblePng } from '../packages/data/src/images/__fixtures__/png-file.ts';
import { expectAccessible } from './support/accessibility.ts';
import { findChromium, launchChromium } from './support/browser.ts';
import { cropPerson, groupPhoto, photosOf } from './support/browser-faces/face-photos.ts';
import {
  enroll,
  jpegFile,
  showPhotos,
  startBackend,
  waitUntilReady,
} from './support/browser-faces/faces-page.ts';
import { cameraFrame, writeCameraVideo } from './support/browser-faces/write-camera-video.ts';
import { type BuiltPage, buildExamplePage } from './support/example-page.ts';

const chromium = findChromium();

// Continuous integration installs a browser; elsewhere a machine without one can still pass the tests.
describe.runIf(chromium !== undefined || process.env.CI)(
  'the page that recognises',
  { timeout: 300_000 },
  () => {
    let folder: string;
    let built: BuiltPage;
    let address: string;
    let browser: Browser;
    let context: BrowserContext;
    let onWebGl: Promise<void>;
    const photos = { ada: photosOf('ada'), grace: photosOf('grace'), stranger: photosOf('stranger') };
    const problems: string[] = [];

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'openset-faces-'));
      const video = join(folder, 'ada.y4m');
      [built] = await Promise.all([
        buildExamplePage('browser-faces'),
        writeCameraVideo(video, cropPerson('ada').flop()),
      ]);
      address = await built.serve();
      browser = await launchChromium(
        chromium as string,
        '--use-fake-device-for-media-stream',
        `--use-file-for-fake-video-capture=${video}`,
      );
      // It compiles its programs while the other tests run, and is awaited last. A test ends the server of the others.
      onWebGl = recogniseOn('webgl', await built.serve());
      onWebGl.catch(() => {});
    });
    afterEach(async () => {
      await context?.close();
      expect(problems.splice(0)).toEqual([]);
    });
    afterAll(async () => {
      await browser?.close();
      built?.close();
      rmSync(folder, { recursive: true });
    });

    async function open(
      options: Parameters<Browser['newContext']>[0] = {},
      { at = address, prepare = () => {} }: { at?: string; prepare?: () => void } = {},
    ): Promise<Page> {
      context = await browser.newContext({ viewport: { width: 1180, height: 900 }, ...options });
      await context.addInitScript(prepare);
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text());
      });
      page.on('request', (request) => {
        const { origin, protocol } = new URL(request.url());
        if (protocol !== 'blob:' && !at.startsWith(origin)) problems.push(`request to ${request.url()}`);
      });
      await page.goto(at);
      return page;
    }

    async function recogniseOn(backend: 'webgl' | 'webgpu', at: string): Promise<void> {
      const other = await browser.newContext();
      const page = await other.newPage();
      page.setDefaultTimeout(240_000);
      page.on('pageerror', (error) => problems.push(String(error)));
      await page.goto(at);
      await startBackend(page, backend);
      expect(await page.textContent('#backend-text')).toBe(
        `Runs on ${backend === 'webgl' ? 'WebGL' : 'WebGPU'}.`,
      );
      await enroll(page, 'Ada', [(await photos.ada)[0]]);
      const probes = await groupPhoto(['ada', 'stranger']);
      await showPhotos(page, [jpegFile('both.jpg', probes)], '2 faces: Ada and unknown.');
      // The gallery is that of the network, whatever the backend.
      await startBackend(page, 'wasm');
      await page.locator('#people-list').getByText('Ada').waitFor();
      expect(await page.locator('#notices .problem').count()).toBe(0);
      await other.close();
    }

    it('enrolls two people, tells them from a stranger, keeps them, forgets, and works offline', async () => {
      const page = await open();
      await startBackend(page, 'wasm', 2);
      expect(await page.textContent('#backend-text')).toBe('Runs on WebAssembly with 2 threads.');
      await peopleText(page, 'Nobody is enrolled yet.');
      await enroll(page, 'Ada', await photos.ada);
      expect(await page.textContent('#enroll-result')).toBe('Ada is enrolled with 2 faces.');
      await enroll(page, 'Grace <b>', [(await photos.grace)[0]]);
      const group = jpegFile('group.jpg', await groupPhoto(['stranger', 'ada', 'grace']));
      const single = jpegFile('ada.jpg', (await photos.ada)[1]);
      await showPhotos(page, [group, single], '3 faces: unknown, Ada and Grace <b>.');
      expect(await page.locator('#marks .box').allTextContents()).toEqual(['unknown', 'Ada', 'Grace <b>']);
      expect(await page.locator('#marks circle').count()).toBe(15);
      const scales = await page
        .locator('#faces svg')
        .evaluateAll((drawn) => drawn.map((one) => one.getAttribute('aria-label')));
      expect(scales).toEqual([
        expect.stringMatching(
          /^Cosine 0\.[0-5]\d on a scale from 0 to 1\. It is below the threshold, 0\.59\.$/,
        ),
        expect.stringMatching(/^Cosine 0\.[89]\d .* It reaches the threshold, 0\.59\.$/),
        expect.stringMatching(/^Cosine 0\.[89]\d .* It reaches the threshold, 0\.59\.$/),
      ]);
      expect(await page.locator('#faces li').first().textContent()).toMatch(
        /Nearest, but below the threshold: .+\. Probability that it is .+: \d+\.\d\s%\.$/,
      );
      expect(await page.textContent('#face-figure')).toMatch(/^\d[\d.]*\sms$/);
      await page.getByRole('button', { name: 'ada.jpg' }).click();
      await page.locator('#summary').getByText('1 face: Ada.', { exact: true }).waitFor();

      // The same network as that of the command, so that galleries can be exchanged.
      await tf.setBackend('wasm');
      const { description, backbone } = await openPretrained('faceres');
      const state = backbone.getState();
      expect(await storedFacts(page)).toMatchObject({
        model: { name: 'faceres', fingerprint: await modelFingerprint(description, state) },
        crop: description.crop,
      });
      tf.dispose(state);
      backbone.dispose();

      await page.locator('#offline-text').getByText('This page now works without a network, too.').waitFor();
      built.stopServing(address);
      onTestFinished(async () => {
        address = await built.serve();
      });
      await page.reload();
      await waitUntilReady(page);
      await peopleText(page, '2 people. They stay in this browser until you forget them.');
      await startBackend(page, 'wasm', 2);
      expect(await page.textContent('#backend-text')).toBe('Runs on WebAssembly with 2 threads.');
      await showPhotos(page, [single], '1 face: Ada.');

      const forget = page.getByRole('button', { name: 'Forget Ada' });
      await forget.focus();
      await page.keyboard.press('Enter');
      // The safe choice has the focus, and Escape leaves everything as it was.
      await page.keyboard.press('Escape');
      await page.locator('[aria-label="Forget Ada"]:focus').waitFor();
      expect(await page.locator('#people-list li').count()).toBe(2);
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.locator('#summary').getByText('1 face: unknown.', { exact: true }).waitFor();
      expect(await page.locator('#people-list strong').allTextContents()).toEqual(['Grace <b>']);
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('people-title');

      // A browser says late that a dialog has closed. The answer is that of the person whom it asks about now.
      await enroll(page, 'Ada', [(await photos.ada)[0]]);
      await page.evaluate(() => {
        const button = (name: string) =>
          document.querySelector<HTMLElement>(`[aria-label="Forget ${name}"]`)?.click();
        const answer = (value: string) =>
          document.querySelector<HTMLElement>(`#forget-dialog [value="${value}"]`)?.click();
        button('Grace <b>');
        answer('cancel');
        button('Ada');
        answer('forget');
      });
      // The summary may still be that of the time before the enrollment.
      await expect.poll(() => page.locator('#people-list strong').allTextContents()).toEqual(['Grace <b>']);
      await page.locator('#summary').getByText('1 face: unknown.', { exact: true }).waitFor();
    });

    it('recognises the picture of the camera again and again, and enrolls from it', async () => {
      const page = await open({ permissions: ['camera'] });
      await startBackend(page, 'wasm');
      await page.getByRole('button', { name: 'Start the camera' }).click();
      const summary = page.locator('#summary');
      await summary.getByText('1 face: unknown.', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Take a picture' }).click();
      await page.getByRole('button', { name: 'Enroll this face' }).click();
      expect(await page.locator('#enroll-samples li').count()).toBe(2);
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('enroll-name');
      await page.keyboard.type('Ada');
      await page.keyboard.press('Enter');
      await summary.getByText('1 face: Ada.', { exact: true }).waitFor();
      await page
        .locator('#rate-figure')
        .getByText(/^\d+\.\d$/)
        .waitFor();
      const mirrored = await markedPlace(page);
      await page.getByRole('button', { name: 'Stop the camera' }).click();
      await page.locator('#empty').waitFor();
      expect(await page.locator('#video').evaluate((video: HTMLVideoElement) => video.srcObject)).toBeNull();
      // The video is a mirror; a photo is not.
      const frame = await cameraFrame(cropPerson('ada').flop()).jpeg({ quality: 95 }).toBuffer();
      await showPhotos(page, [jpegFile('frame.jpg', frame)], '1 face: Ada.');
      const { left, width } = await markedPlace(page);
      expect(Math.abs(mirrored.left - (100 - left - width))).toBeLessThan(2);
      expect(Math.abs(mirrored.left - left)).toBeGreaterThan(3);
    });

    it('says what to do about threads, the camera, photos and a full browser, and goes on', async () => {
      const page = await open(
        {},
        {
          at: await built.serve(false),
          prepare: () => {
            const { put } = IDBObjectStore.prototype;
            IDBObjectStore.prototype.put = function (...parameters) {
              if (!('isFull' in globalThis)) return put.apply(this, parameters);
              throw new DOMException('no room', 'QuotaExceededError');
            };
          },
        },
      );
      const notices = page.locator('#notices');
      const close = () => notices.getByRole('button', { name: 'Close' }).first().click();
      await startBackend(page, 'wasm');
      await notices
        .getByText(/^WebAssembly runs on 1 thread, because the server does not isolate this page/)
        .waitFor();
      await close();
      await page.getByRole('button', { name: 'Start the camera' }).click();
      await notices.getByText(/^This page may not use the camera\. Allow it in the settings/).waitFor();
      await close();

      const wall = { create: { width: 300, height: 200, channels: 3, background: '#a97' } } as const;
      const huge = assemblePng({ width: 9000, height: 6000, depth: 8, colourType: 2 }, new Uint8Array());
      const damaged = (await photos.ada)[0].subarray(0, 5000);
      await showPhotos(
        page,
        [jpegFile('wall.jpg', await sharp(wall).jpeg().toBuffer())],
        'No face was found on this picture. Come nearer, turn to the camera, or choose another photo.',
      );
      for (const [name, buffer, message] of [
        ['text.jpg', Buffer.from('text'), /^text\.jpg: cannot decode the image/],
        ['cut.jpg', damaged, /^cut\.jpg: /],
        ['huge.png', Buffer.from(huge), /^huge\.png has 54 million pixels, more than the 50/],
        ['large.jpg', Buffer.alloc(41_000_000), /^large\.jpg has 41 MB, more than the 40/],
      ] as const) {
        await page.setInputFiles('#photos-input', jpegFile(name, buffer));
        await notices.getByText(message).waitFor();
        await close();
      }
      await page.setInputFiles('#enroll-input', [
        jpegFile('wall.jpg', await sharp(wall).jpeg().toBuffer()),
        jpegFile('text.jpg', Buffer.from('text')),
        jpegFile('small.jpg', await cropPerson('ada').resize(24).jpeg().toBuffer()),
        jpegFile('ada.jpg', (await photos.ada)[0]),
      ]);
      await page.locator('#enroll-samples li').waitFor();
      const problem = page.locator('#enroll-problem');
      await problem
        .getByText(
          /^wall\.jpg: no face was found\. Choose another photo\. text\.jpg: cannot decode the image.* small\.jpg: (the face has \d+ × \d+ pixels, and 20 are needed|no face was found)/,
        )
        .waitFor();
      await page.getByRole('button', { name: 'Enroll', exact: true }).click();
      await problem.getByText('Type the name of the person.').waitFor();
      await page.getByLabel('Name').fill('Ada');
      await page.evaluate(() => Object.assign(globalThis, { isFull: true }));
      await page.getByRole('button', { name: 'Enroll', exact: true }).click();
      await problem.getByText(/^The storage that the browser grants this page is full/).waitFor();
      await page.evaluate(() => delete (globalThis as { isFull?: boolean }).isFull);
      await page.getByRole('button', { name: 'Enroll', exact: true }).click();
      await page.locator('#enroll-result').getByText('Ada is enrolled with 1 face.').waitFor();
      await page.setInputFiles('#enroll-input', [jpegFile('other.jpg', (await photos.ada)[1])]);
      await page.locator('#enroll-samples li').waitFor();
      await page.getByLabel('Name').fill('Somebody');
      await page.keyboard.press('Enter');
      await page
        .locator('#enroll-result')
        .getByText(/^Warning: other\.jpg: this face could be Ada, who is enrolled \(cosine 0\.\d\d\)\.$/)
        .waitFor();

      // Another version of the network.
      await page.evaluate(
        () =>
          new Promise<void>((resolve) => {
            const opening = indexedDB.open('openset-browser-faces');
            opening.onsuccess = () => {
              const transaction = opening.result.transaction('gallery', 'readwrite');
              const store = transaction.objectStore('gallery');
              const reading = store.openCursor();
              reading.onsuccess = () => {
                const { value } = reading.result!;
                reading.result!.update({ ...value, model: { ...value.model, fingerprint: 'a'.repeat(64) } });
              };
              transaction.oncomplete = () => {
                opening.result.close();
                resolve();
              };
            };
          }),
      );
      await page.reload();
      await waitUntilReady(page);
      await notices
        .getByText(/^This browser keeps 2 people that another version of the network has seen/)
        .waitFor();
      await peopleText(page, 'Nobody is enrolled yet.');
      await enroll(page, 'Grace', [(await photos.grace)[0]]);
      await notices.getByRole('button', { name: 'Forget them' }).click();
      await expect.poll(() => notices.getByText(/^This browser keeps/).count()).toBe(0);
      await enroll(page, 'Ada', [(await photos.ada)[0]]);
      await peopleText(page, '2 people. They stay in this browser until you forget them.');
    });

    it('works without a camera, WebGPU, WebGL and IndexedDB, and says so', async ({ onTestFinished }) => {
      const other = await launchChromium(
        chromium as string,
        '--disable-gpu',
        '--disable-software-rasterizer',
      );
      onTestFinished(() => other.close());
      const page = await other.newPage({ permissions: ['camera'] });
      page.setDefaultTimeout(60_000);
      await page.addInitScript(() => {
        Object.defineProperty(globalThis, 'indexedDB', {
          value: {
            open: () => {
              throw new DOMException('blocked', 'SecurityError');
            },
          },
        });
      });
      await page.goto(address);
      await startBackend(page, 'webgpu');
      const notices = page.locator('#notices li');
      await notices.getByText('This browser has no WebGPU here, so the next backend was taken.').waitFor();
      await notices.getByText('This browser has no WebGL in workers, so WebAssembly was taken.').waitFor();
      await notices.getByText(/^The browser does not let this page store data/).waitFor();
      await page.getByRole('button', { name: 'Start the camera' }).click();
      await notices.getByText(/^There is no camera\. Connect one/).waitFor();
      await enroll(page, 'Ada', [(await photos.ada)[0]]);
      await peopleText(page, '1 person. They are forgotten when the page is closed.');
      await showPhotos(page, [jpegFile('ada.jpg', (await photos.ada)[1])], '1 face: Ada.');
    });

    it.each(['light', 'dark'] as const)(
      'has no violation that axe finds, in %s colours',
      async (colorScheme) => {
        const page = await open({ colorScheme, reducedMotion: 'reduce' });
        await startBackend(page, 'wasm');
        await enroll(page, 'Ada', [(await photos.ada)[0]]);
        await page.setInputFiles('#enroll-input', [
          jpegFile('grace.jpg', (await photos.grace)[0]),
          jpegFile('text.jpg', Buffer.from('text')),
        ]);
        await page.locator('#enroll-samples li').waitFor();
        await page.locator('#enroll-problem').getByText('text.jpg').waitFor();
        await page.setInputFiles('#photos-input', jpegFile('text.jpg', Buffer.from('text')));
        await page.locator('#notices li').waitFor();
        const group = jpegFile('group.jpg', await groupPhoto(['ada', 'stranger']));
        await showPhotos(page, [group, group], '2 faces: Ada and unknown.');
        await expectAccessible(page);
        // Nothing moves, and nothing is cut off on a small screen.
        expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
        await page.setViewportSize({ width: 360, height: 740 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
        await expectAccessible(page);
        await page.getByRole('button', { name: 'Forget Ada' }).click();
        await expectAccessible(page);
      },
    );

    it('recognises on WebGL, with the same gallery', async () => {
      await onWebGl;
    });

    // In software, a picture takes many seconds on WebGPU.
    it.runIf(inject('long'))('recognises on WebGPU, with the same gallery', async () => {
      await recogniseOn('webgpu', address);
    });
  },
);

/** Waits until the page says who is enrolled: it reads the people again after it has said that one was enrolled. */
function peopleText(page: Page, text: string): Promise<void> {
  return page.locator('#people-text').getByText(text, { exact: true }).waitFor();
}

/** Returns where the page marks its only face, in per cent of the picture's width. */
function markedPlace(page: Page): Promise<{ left: number; width: number }> {
  return page.locator('#marks').evaluate((marks) => {
    const { left, width } = marks.querySelector<HTMLElement>('.box')!.style;
    return { left: Number.parseFloat(left), width: Number.parseFloat(width) };
  });
}

/** Returns the facts of the gallery that the browser keeps. */
function storedFacts(page: Page): Promise<unknown> {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open('openset-browser-faces');
        opening.onsuccess = () => {
          const reading = opening.result.transaction('gallery').objectStore('gallery').getAll();
          reading.onsuccess = () => {
            opening.result.close();
            resolve(reading.result[0]);
          };
        };
      }),
  );
}
