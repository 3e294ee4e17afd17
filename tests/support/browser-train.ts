import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Frame, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { findChromium, launchChromium } from './browser.ts';
import { type BuiltPage, buildExamplePage, chooseBackend } from './example-page.ts';

/** The built page of `examples/browser-train`, and a browser. */
export class TrainPages {
  readonly built: BuiltPage;
  /** Address of the page, which is isolated from other origins. */
  readonly address: string;
  readonly browser: Browser;
  /** A folder for files of tests. */
  readonly folder = mkdtempSync(join(tmpdir(), 'openset-train-'));
  /** Errors of the pages. */
  readonly problems: string[] = [];
  private context: BrowserContext | undefined;

  constructor(built: BuiltPage, address: string, browser: Browser) {
    this.built = built;
    this.address = address;
    this.browser = browser;
  }

  /** Opens the page. @param prepare runs in the page before its own programs */
  async open(
    options: BrowserContextOptions = {},
    { at = this.address, prepare = () => {} }: { at?: string; prepare?: () => void } = {},
  ): Promise<Page> {
    this.context = await this.browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    await this.context.addInitScript(prepare);
    const page = await this.context.newPage();
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => this.problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
    await page.goto(at);
    return page;
  }

  /** Closes the page that `open` opened last. */
  async closePage(): Promise<void> {
    await this.context?.close();
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.built.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** Builds the page before the tests of a group, and lets those fail whose pages report errors. Returns a function that returns the pages. */
export function useTrainPages(): () => TrainPages {
  let pages: TrainPages | undefined;
  beforeAll(async () => {
    const built = await buildExamplePage('browser-train');
    pages = new TrainPages(built, await built.serve(), await launchChromium(findChromium() as string));
  });
  afterEach(async () => {
    await pages?.closePage();
    expect(pages?.problems.splice(0)).toEqual([]);
  });
  afterAll(() => pages?.close());
  return () => pages!;
}

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
export async function waitUntilTrained(page: Page | Frame): Promise<void> {
  await page.locator('#save-button:enabled').waitFor({ timeout: 300_000 });
}

/** Returns a number of the page. */
export async function figure(page: Page, name: 'threshold' | 'accuracy'): Promise<number> {
  return Number.parseFloat(((await page.textContent(`#${name}-figure`)) ?? '').replace('−', '-'));
}

/** Returns the verdict on two images: `Same` or `Different`. */
export async function verdict(page: Page): Promise<string | null> {
  return page.locator('.verdict').textContent();
}

/** A place on a pad, from 0 to 1. */
export type Point = readonly [x: number, y: number];

/** Draws a line on a pad with the mouse. */
export async function drawStroke(
  page: Page,
  pad: 'first' | 'second',
  [start, ...points]: readonly Point[],
): Promise<void> {
  const canvas = page.locator(`#${pad}-pad canvas`);
  await canvas.scrollIntoViewIfNeeded();
  const box = (await canvas.boundingBox())!;
  const at = ([x, y]: Point) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(start!));
  await page.mouse.down();
  for (const point of points) await page.mouse.move(...at(point), { steps: 4 });
  await page.mouse.up();
}

/** Writes a digit as a picture, and returns the path. */
export async function writeDigit(path: string, pixels: Uint8Array): Promise<string> {
  await sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } })
    .png()
    .toFile(path);
  return path;
}
