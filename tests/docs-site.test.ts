import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible } from './support/accessibility.ts';
import { findChromium, launchChromium, serveFolders } from './support/browser.ts';
import { rootFolder } from './support/workspace.ts';

const site = join(rootFolder, 'docs', '.vitepress', 'dist');
const required = process.env.OPENSET_TEST_SITE === '1';
const isTested = required || existsSync(join(site, 'index.html'));
if (!isTested)
  console.log('The documentation site is not built: skipping its tests. `npm run docs:build` builds it.');

const chromium = findChromium();

describe.runIf(isTested)('links of the documentation site', () => {
  const read = (path: string) => readFileSync(join(site, path), 'utf8');
  const pages = isTested
    ? readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.html'))
    : [];
  const names = new Map<string, ReadonlySet<string>>();
  const namesIn = (path: string) => {
    const known = names.get(path);
    if (known) return known;
    const found = new Set([...read(path).matchAll(/ id="([^"]*)"/g)].map(([, name]) => name as string));
    names.set(path, found);
    return found;
  };

  it('lead to pages and headings that exist', () => {
    expect(pages.length).toBeGreaterThan(100);
    const broken = pages.flatMap((page) => {
      const text = read(page);
      const links = [...text.matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, link]) => link as string);
      return [...new Set(links)]
        .filter((link) => !/^(https?|mailto):/.test(link))
        .filter((link) => {
          const { pathname, hash } = new URL(link.replaceAll('&amp;', '&'), `http://site/${page}`);
          const target = decodeURIComponent(pathname)
            .slice(1)
            .replace(/(^|\/)$/, '$1index.html');
          if (!existsSync(join(site, target))) return true;
          return hash !== '' && !namesIn(target).has(decodeURIComponent(hash.slice(1)));
        })
        .map((link) => `${page}: ${link}`);
    });
    expect(broken).toEqual([]);
  });
});

describe.runIf(isTested && (chromium !== undefined || process.env.CI))('the documentation site', () => {
  let browser: Browser;
  let context: BrowserContext;
  let served: Awaited<ReturnType<typeof serveFolders>>;
  const problems: string[] = [];

  beforeAll(async () => {
    served = await serveFolders({ '/': site });
    browser = await launchChromium(chromium as string);
  });
  afterEach(async () => {
    await context?.close();
    expect(problems.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    served?.server.close();
  });

  async function open(path: string, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
    const viewport = { width: 1280, height: 900 };
    context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) problems.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(served.address)) problems.push(`request to ${request.url()}`);
    });
    await page.goto(served.address + path);
    await page.waitForLoadState('networkidle');
    return page;
  }

  const schemes = ['light', 'dark'] as const;
  const shown = ['', 'guides/photos.html', 'losses.html', 'api/uss.html'];
  it.each(shown.flatMap((path) => schemes.map((scheme) => ({ path, scheme }))))(
    '/$path in $scheme colours has no violation that axe finds, and fits small screens',
    async ({ path, scheme }) => {
      const page = await open(path, scheme);
      const isDark = await page.evaluate(() => document.documentElement.classList.contains('dark'));
      expect(isDark).toBe(scheme === 'dark');
      await expectAccessible(page);
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      await expectAccessible(page);
    },
  );

  it('finds a page by its words, without a server', async () => {
    const page = await open('');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.locator('#localsearch-input:focus').waitFor();
    await page.keyboard.type('interclassFilteringThreshold');
    await page.locator('#localsearch-list a').first().click();
    await page.waitForURL(/losses|api/);
    await page.locator('main h1').waitFor();
  });

  it('shows an image and formulas of each loss', async () => {
    const page = await open('losses.html');
    expect(await page.locator('.katex').count()).toBeGreaterThan(10);
    const images = page.locator('main img');
    expect(await images.count()).toBeGreaterThan(10);
    const widths = () =>
      images.evaluateAll((all) => all.map((image) => (image as HTMLImageElement).naturalWidth));
    await expect.poll(async () => Math.min(...(await widths()))).toBeGreaterThan(0);
  });
});
