import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cmcPlot, identityThresholdPlot, rocPlot, similarityPlot } from './index.ts';
import { figurePng } from './node.ts';

const curve = { far: Float64Array.of(0, 0, 0.5, 1), tar: Float64Array.of(0, 0.5, 1, 1) };
const hostile = `<a> & "b" \u00a0 'c' é`;
const identities = [0.4, 0.5, 0.45, 0.9].map((threshold, label) => ({ label, threshold }));
const figures = {
  rocPlot: rocPlot([{ name: 'one', curve }]),
  similarityPlot: similarityPlot({ same: [0.5], different: [0.25] }),
  identityThresholdPlot: identityThresholdPlot([{ name: 'one', thresholds: { identities } as never }]),
  'a plot with strange names': cmcPlot([{ name: hostile, curve: [0.5, 1] }]),
};

/** Counts the pixels of each colour in an image, and the dark ones. */
async function countColours(png: Uint8Array) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const counts = new Map<string, number>();
  for (let offset = 0; offset < data.length; offset += 3) {
    const colour = data.subarray(offset, offset + 3).toString('hex');
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const dark = [...counts].filter(([colour]) => /^([0-7].){3}$/.test(colour));
  return { counts, dark: dark.reduce((sum, [, count]) => sum + count, 0), info };
}

describe('figurePng', () => {
  it.each(Object.entries(figures))('draws %s on white, with its text', async (_, figure) => {
    const { counts, dark, info } = await countColours(await figurePng(figure));
    expect(info).toMatchObject({ width: 920, height: 640, channels: 3 });
    expect(counts.get('ffffff')).toBeGreaterThan(920 * 640 * 0.5);
    // Labels and numbers of the axes are dark text; without them, hardly more than ticks remains.
    const svg = figure.svg.replaceAll(/<text[^>]*>.*?<\/text>/gs, '');
    const bare = await countColours(await figurePng({ svg }));
    expect(dark - bare.dark).toBeGreaterThan(1000);
  });

  it('draws curves in their colour, at the given scale', async () => {
    const { counts, info } = await countColours(await figurePng(figures.rocPlot, { scale: 4 }));
    expect(info).toMatchObject({ width: 1840, height: 1280 });
    expect(counts.get('1b9e77')).toBeGreaterThan(100);
  });

  it('rejects invalid figures and scales', async () => {
    await expect(figurePng({ svg: '<p>' })).rejects.toThrow(/the figure is not an SVG/);
    await expect(figurePng({ svg: '<svg><g></svg>' })).rejects.toThrow(/^figurePng: sharp cannot draw/);
    for (const scale of [0, 17, Number.NaN]) {
      await expect(figurePng(figures.rocPlot, { scale })).rejects.toThrow(/above 0 and at most 16, but is/);
    }
  });
});

describe('figurePng on an incomplete machine', () => {
  afterEach(() => {
    vi.doUnmock('sharp');
    vi.resetModules();
  });

  it('says how to install sharp', async () => {
    vi.resetModules();
    vi.doMock('sharp', () => Promise.reject(new Error('not found')));
    const { figurePng: figurePngWithoutSharp } = await import('./node.ts');
    await expect(figurePngWithoutSharp(figures.rocPlot)).rejects.toThrow(
      /^figurePng needs the package sharp. Install it: npm install sharp/,
    );
  });

  it('asks for a font instead of omitting text', async () => {
    // Under an empty root, fontconfig finds neither its configuration nor a font.
    const root = mkdtempSync(join(tmpdir(), 'openset-no-fonts-'));
    try {
      const program = `
        import { figurePng } from ${JSON.stringify(new URL('./node.ts', import.meta.url).href)};
        await figurePng({ svg: '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>' }).catch(
          ({ name, message }) => console.log(name, message),
        );`;
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '--eval', program],
        { env: { ...process.env, FONTCONFIG_SYSROOT: root }, cwd: import.meta.dirname },
      );
      expect(stdout).toMatch(/^ReportError figurePng: this machine has no font/);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
