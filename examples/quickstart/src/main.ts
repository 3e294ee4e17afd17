import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OpenSetError } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import { makeEmbedder } from './embedder.ts';
import { evaluate } from './evaluate.ts';
import { makeLoss, trainedDigits, unseenDigits } from './losses.ts';
import { readMnist, selectDigits } from './mnist.ts';
import { help, type QuickstartOptions, readOptions, UsageError } from './options.ts';
import { startProgress } from './progress.ts';
import { reportPage } from './report.ts';
import { explanation, markdownTable, type Row, textTable } from './table.ts';
import { train } from './train.ts';

/** Marks in a Markdown file; the run writes the table between them. */
const startMark = '<!-- quickstart:start -->';
const endMark = '<!-- quickstart:end -->';

try {
  const options = readOptions(process.argv.slice(2));
  if (options) await run(options);
  else console.log(help);
} catch (error) {
  if (!(error instanceof UsageError || error instanceof OpenSetError)) throw error;
  console.error(`quickstart: ${error.message}`);
  process.exitCode = 2;
}

async function run(options: QuickstartOptions): Promise<void> {
  const { losses, epochs, seed, backend, out } = options;
  // Fails now rather than after minutes of training if the results cannot be written.
  await mkdir(out, { recursive: true });
  if (options.readme) await readMarks(options.readme);
  await startBackend(backend);
  const mnist = await readMnist();
  const images = selectDigits(mnist.train, trainedDigits, options.images);
  const seen = selectDigits(mnist.test, trainedDigits);
  const unseen = selectDigits(mnist.test, unseenDigits);
  console.error(
    `${images.labels.length} training images of 0–6; ${seen.labels.length} test images of 0–6, ${unseen.labels.length} of 7–9.`,
  );
  const rows: Row[] = [];
  for (const name of losses) {
    const started = performance.now();
    const model = makeEmbedder(seed);
    const loss = makeLoss(name, seed);
    const progress = startProgress(name, epochs * 128 * Math.floor(images.labels.length / 128), epochs);
    await train(model, loss, images, { epochs, seed, onStep: (state) => progress.update(state) });
    progress.stop();
    const result = await evaluate(model, loss, { seen, unseen, seed });
    const seconds = (performance.now() - started) / 1000;
    rows.push({ ...result, name, seconds });
    console.error(`${name}: ${seconds.toFixed(0)} s`);
    loss.dispose();
    model.dispose();
  }
  console.log(`\n${textTable(rows)}\n\n${explanation}\n`);
  const settings = `${images.labels.length} images, ${epochs} epochs, scale 16, SGD with momentum 0.9 and a rate falling from 0.05 to 0, batch 128, seed ${seed}, backend ${backend}.`;
  await writeAtomically(join(out, 'index.html'), reportPage(rows, settings));
  await writeAtomically(join(out, 'results.json'), `${JSON.stringify(rows, withoutArrays, 2)}\n`);
  console.log(`Report: ${join(out, 'index.html')}`);
  if (options.readme) {
    const { before, after } = await readMarks(options.readme);
    await writeAtomically(options.readme, `${before}\n${settings}\n\n${markdownTable(rows)}\n\n${after}`);
  }
}

async function startBackend(backend: QuickstartOptions['backend']): Promise<void> {
  // Keeps the cpu backend from advertising tfjs-node.
  tf.enableProdMode();
  if (backend === 'wasm') await import('@openset/wasm-kernels');
  if (backend === 'node') {
    const specifier: string = '@tensorflow/tfjs-node';
    await import(specifier).catch(() => {
      throw new UsageError(
        '--backend node needs the package @tensorflow/tfjs-node; install it with npm install @tensorflow/tfjs-node.',
      );
    });
  }
  await tf.setBackend(backend === 'node' ? 'tensorflow' : backend);
  await tf.ready();
}

/** Reads a Markdown file: its text up to the start mark, and from the end mark. */
async function readMarks(path: string): Promise<{ before: string; after: string }> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new UsageError(`--readme: ${error.message}.`);
  });
  const start = text.indexOf(startMark);
  const end = text.indexOf(endMark);
  if (start < 0 || end < start) throw new UsageError(`--readme: ${path} has no ${startMark} … ${endMark}.`);
  return { before: text.slice(0, start + startMark.length), after: text.slice(end) };
}

/** Writes a file atomically: an interrupted run leaves the old one. */
async function writeAtomically(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text);
  await rename(`${path}.part`, path);
}

/** Drops the long lists of similarities from the JSON. */
function withoutArrays(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? undefined : value;
}
