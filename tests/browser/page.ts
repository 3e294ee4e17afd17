import { readThreshold } from '@openset/core';
import '@openset/wasm-kernels';
import { type LossFixtureResult, lossAndGradients, readLossFixtures, runLossFixture } from '@openset/testkit';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';
import { UssLoss } from '@openset/uss';
import * as tf from '@tensorflow/tfjs-core';
import { losses } from '../../packages/cli/src/losses.ts';
import { embedWithOnnxRuntime } from './engine.ts';
import { detectFaces } from './faces.ts';
import { decode, load } from './images.ts';
import { withThreads } from './threads.ts';

/** The reference values on one backend of this browser. */
export interface BrowserReport {
  /** The backend that ran; another one, or none, if the requested one did not start. */
  readonly backend: string;
  readonly passed: number;
  /** Names and errors of the cases that failed. */
  readonly failed: readonly string[];
  /** The threshold of a loss after two batches. */
  readonly threshold: number;
}

/** Runs cases of reference values on a backend; returns null if this browser cannot start it. */
async function conformanceOn(backend: string, fixtures: string): Promise<LossFixtureResult[] | null> {
  setWasmPaths('/wasm/');
  if (!(await tf.setBackend(backend))) return null;
  await tf.ready();
  const results = [];
  for (const fixture of readLossFixtures(fixtures)) results.push(await runLossFixture(fixture, losses));
  return results;
}

async function runOn(backend: string, fixtures: string): Promise<BrowserReport> {
  const results = await conformanceOn(backend, fixtures);
  if (!results) return { backend: 'none', passed: 0, failed: [], threshold: 0 };
  const failed = results
    .filter(({ passed }) => !passed)
    .map(({ name, errors }) => `${name} ${JSON.stringify(errors)}`);
  return {
    backend: tf.getBackend(),
    passed: results.length - failed.length,
    failed,
    threshold: await threshold(),
  };
}

/** Returns the threshold of USS after two batches, when its bias has started from the data. */
async function threshold(): Promise<number> {
  const loss = new UssLoss({ numClasses: 3, embeddingSize: 2, scale: 4 });
  const labels = tf.tensor1d([0, 1, 2], 'int32');
  const embeddings = tf.tensor2d([1, 0, 0, 1, -1, 0], [3, 2]);
  for (let batch = 0; batch < 2; batch++) await lossAndGradients(loss, embeddings, labels, { commit: true });
  const { cosine } = (await readThreshold(loss)) ?? { cosine: Number.NaN };
  loss.dispose();
  return cosine;
}

const functions = { runOn, conformanceOn, withThreads, decode, load, detectFaces, embedWithOnnxRuntime };

declare global {
  /** The functions that tests call in the page. */
  var inBrowser: typeof functions;
}
globalThis.inBrowser = functions;
