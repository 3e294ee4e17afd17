import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Application } from 'typedoc';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectAccessible } from './support/accessibility.ts';
import { findChromium, launchChromium, serveFolders } from './support/browser.ts';
import { waitUntilTrained } from './support/browser-train.ts';
import { documentationRules } from './support/documentation-rules.ts';
import { freePort } from './support/free-port.ts';
import { runCommand } from './support/run-command.ts';
import { rootFolder } from './support/workspace.ts';

const site = join(rootFolder, 'docs', '.vitepress', 'dist');
const required = process.env.OPENSET_TEST_SITE === '1';
const isTested = required || existsSync(join(site, 'index.html'));
if (!isTested)
  console.log('The documentation site is not built: skipping its tests. `npm run docs:build` builds it.');
const home = isTested ? readFileSync(join(site, 'index.html'), 'utf8') : '';
/** Path of the site on its server, which is an option of the build. */
const [, base = '/'] = /href="([^"]*)assets\/style/.exec(home) ?? [];

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
          const { pathname, hash } = new URL(link.replaceAll('&amp;', '&'), `http://site${base}${page}`);
          if (!pathname.startsWith(base)) return true;
          const target = decodeURIComponent(pathname)
            .slice(base.length)
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
  let notIsolated: typeof served;
  const problems: string[] = [];

  beforeAll(async () => {
    served = await serveFolders({ [base]: site });
    notIsolated = await serveFolders({ [base]: site }, false);
    browser = await launchChromium(chromium as string);
  });
  afterEach(async () => {
    await context?.close();
    expect(problems.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    served?.server.close();
    notIsolated?.server.close();
  });

  async function open(
    path: string,
    colorScheme: 'light' | 'dark' = 'light',
    root = new URL(base, served.address).href,
  ): Promise<Page> {
    const viewport = { width: 1280, height: 900 };
    context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      // The browser says it where a slow machine draws the page late.
      const isLate = /preloaded using link preload but not used within a few seconds/.test(message.text());
      if (['error', 'warning'].includes(message.type()) && !isLate) problems.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().replace('blob:', '').startsWith(new URL(root).origin))
        problems.push(`request to ${request.url()}`);
    });
    await page.goto(root + path);
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
      await expectAccessible(page, scheme === 'dark' ? 'colours' : 'all');
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      // The colours are the same at every width.
      if (scheme === 'light' || inject('long'))
        await expectAccessible(page, scheme === 'dark' ? 'colours' : 'all');
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

  it('finds pages about a task before those of the API reference', async () => {
    const page = await open('');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.locator('#localsearch-input:focus').waitFor();
    await page.keyboard.type('threshold');
    const results = page.locator('#localsearch-list a');
    await expect.poll(() => results.count()).toBeGreaterThan(5);
    const places = await results.evaluateAll((all) => all.map((one) => (one as HTMLAnchorElement).pathname));
    expect(places.slice(0, 5).filter((place) => place.includes('/api/'))).toEqual([]);
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

  it('draws the graph of the packages', async () => {
    const page = await open('architecture.html', 'dark');
    await expectAccessible(page);
    const drawing = page.locator('.flowchart svg');
    expect(await drawing.locator('text').allTextContents()).toContain('wasm-kernels');
    const { width = 0 } = (await drawing.boundingBox()) ?? {};
    expect(width).toBeGreaterThan(400);
  });

  it('trains on the home page, on threads, while the threshold moves', async () => {
    const page = await open('');
    expect(await page.locator('iframe').count()).toBe(0);
    await page.getByRole('button', { name: 'Train in this page' }).click();
    const demo = (await (await page.locator('iframe').elementHandle())!.contentFrame())!;
    await demo.locator('#histogram .threshold').waitFor({ state: 'attached' });
    await demo.evaluate(() => {
      const line = document.querySelector<SVGElement>('#histogram .threshold')!;
      const places = new Set<string>();
      new MutationObserver(() => places.add(line.style.transform)).observe(line, { attributes: true });
      Object.assign(globalThis, { places });
    });
    await waitUntilTrained(demo);
    expect(await demo.textContent('#backend-text')).toMatch(/^Runs on WebAssembly with \d threads\.$/);
    const places = await demo.evaluate(() => (globalThis as unknown as { places: Set<string> }).places.size);
    expect(places).toBeGreaterThan(10);
    expect(Number.parseFloat((await demo.textContent('#accuracy-figure'))!)).toBeGreaterThanOrEqual(95);
    await expectAccessible(page);
    await expectAccessible(demo);
    // The frame follows the theme and the width of the site, and does not scroll.
    await page.getByRole('switch', { name: 'Switch to dark theme' }).click();
    await expect.poll(() => demo.evaluate(() => document.documentElement.style.colorScheme)).toBe('dark');
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(await demo.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await expect
      .poll(() =>
        demo.evaluate(() => document.documentElement.scrollHeight - document.documentElement.clientHeight),
      )
      // The text for screen readers lies one pixel below the page.
      .toBeLessThanOrEqual(1);
    await expectAccessible(demo);
  });

  it('trains on one thread, and says so, where the server does not isolate the page', async () => {
    const page = await open('', 'light', new URL(base, notIsolated.address).href);
    await page.getByRole('button', { name: 'Train in this page' }).click();
    const demo = page.frameLocator('iframe');
    await demo.getByText(/^WebAssembly runs on 1 thread, because the server does not isolate/).waitFor();
    await demo
      .locator('#step-figure')
      .getByText(/^[1-9]\d* of/)
      .waitFor({ timeout: 60_000 });
  });

  it('is served while it is edited, with the headers for threads', async () => {
    const root = `http://localhost:${await freePort()}/`;
    const program = join(rootFolder, 'node_modules', 'vitepress', 'bin', 'vitepress.js');
    const parameters = ['dev', 'docs', '--port', new URL(root).port, '--strictPort'];
    const server: ChildProcess = spawn(process.execPath, [program, ...parameters], {
      cwd: rootFolder,
      stdio: 'ignore',
    });
    try {
      while (!(await fetch(root).catch(() => null))?.ok) {
        expect(server.exitCode).toBeNull();
        await sleep(200);
      }
      const page = await open('', 'light', root);
      await page.getByRole('heading', { name: 'Watch it learn' }).waitFor();
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
      const demo = await page.request.get(`${root}demo/train/index.html`);
      expect(await demo.text()).toContain('train-button');
      await page.goto(`${root}guides/photos.html`);
      await page.locator('main h1').waitFor();
      // It would ask the server for changes, and get no answer.
      await page.close();
    } finally {
      server.kill();
      if (server.exitCode === null && server.signalCode === null) await once(server, 'close');
    }
  });
});

describe.runIf(isTested)('a build of the documentation site', () => {
  const folder = join(rootFolder, '.cache', 'test-site');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('fails for a dead link', async () => {
    const configuration = join(folder, 'docs', '.vitepress', 'config.ts');
    mkdirSync(join(configuration, '..'), { recursive: true });
    writeFileSync(join(folder, 'docs', 'page.md'), '# Page\n\n[elsewhere](elsewhere.md)\n');
    writeFileSync(
      configuration,
      `import ours from '../../../../docs/.vitepress/config.ts';
       export default { ...ours, srcDir: '.', cacheDir: './cache', vite: { ...ours.vite, publicDir: false } };`,
    );
    const parameters = ['vitepress', 'build', join(folder, 'docs')];
    const { exitCode, output } = await runCommand('npx', parameters, { folder: rootFolder });
    expect(exitCode).toBe(1);
    expect(output).toMatch(/dead link \S+elsewhere/);
  });

  it('fails for an export without a comment', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: '@openset/core' }));
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ files: ['index.ts'] }));
    const check = async (code: string) => {
      writeFileSync(join(folder, 'index.ts'), code);
      const application = await Application.bootstrap({
        ...documentationRules,
        entryPoints: [join(folder, 'index.ts')],
        tsconfig: join(folder, 'tsconfig.json'),
        logLevel: 'None',
      });
      const project = await application.convert();
      if (project) application.validate(project);
      return application.logger.hasWarnings() || application.logger.hasErrors();
    };
    expect(await check('/** Documented. */\nexport const one = 1;')).toBe(false);
    expect(await check('export const one = 1;')).toBe(true);
  });
});
