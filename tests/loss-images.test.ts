import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { lossImages } from './support/loss-images/loss-images.ts';
import { rootFolder } from './support/workspace.ts';

const folder = join(rootFolder, 'docs', 'images', 'losses');
const number = /-?\d+(\.\d+)?(e-?\d+)?/g;

describe('docs/images/losses; npm run loss-images draws it anew', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it('has the images that the script draws, all of them in docs/losses.md', () => {
    const files = Object.keys(lossImages).map((name) => `${name}.svg`);
    expect(readdirSync(folder).sort()).toEqual([...files].sort());
    const page = readFileSync(join(rootFolder, 'docs', 'losses.md'), 'utf8');
    expect(files.filter((file) => !page.includes(`(images/losses/${file})`))).toEqual([]);
  });

  it.each(Object.entries(lossImages))('%s shows what the losses compute', (name, draw) => {
    const [drawn, stored] = [draw(), readFileSync(join(folder, `${name}.svg`), 'utf8').trimEnd()];
    expect(stored.replace(number, '')).toBe(drawn.replace(number, ''));
    // Coordinates in pixels; processors round differently.
    const values = (svg: string) => (svg.match(number) ?? []).map(Number);
    const old = values(stored);
    const distances = values(drawn).map((value, index) => Math.abs(value - old[index]!));
    expect(Math.max(...distances)).toBeLessThan(0.1);
  });
});
