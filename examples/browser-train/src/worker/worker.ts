import { createBackbone } from '@openset/backbones';
import { type Backbone, ConfigError, DataError, OpenSetError } from '@openset/core';
import { decodeModel, encodeModel, Verifier } from '@openset/verify';
import { startBackend } from '@openset-examples/browser-page/backends.ts';
import { type Answers, answerCalls, sendNews } from '@openset-examples/browser-page/worker-calls.ts';
import * as tf from '@tensorflow/tfjs-core';
import { imageSize, joinImages } from '../image-set.ts';
import type { TrainingFunctions, TrainingNews } from '../messages.ts';
import { batchSize, embedInBatches } from './load-images.ts';
import { lossChoices } from './losses.ts';
import { type TrainedModel, trainModel } from './training-run.ts';

// The program of the worker: trains, and answers the calls of the page.

let model: TrainedModel | null = null;
let running: AbortController | null = null;

const answers: Answers<TrainingFunctions> = {
  async start(request) {
    return { ...(await startBackend(request)), losses: lossChoices };
  },
  async train({ images, settings }) {
    if (running) throw new ConfigError('A run is going on. Stop it first.');
    running = new AbortController();
    try {
      const { model: trained, end } = await trainModel(
        images,
        settings,
        (news) => sendNews<TrainingNews>(news),
        running.signal,
      );
      replaceModel(trained);
      return end;
    } finally {
      running = null;
    }
  },
  async stop() {
    running?.abort();
  },
  async compare({ first, second }) {
    const { backbone, description } = trained();
    const verifier = new Verifier({ ...description, backbone, batchSize });
    const image = (pixels: Uint8Array) => ({ pixels: Uint8Array.from(pixels), labels: Int32Array.of(0) });
    const both = joinImages([image(first), image(second)]);
    const embeddings = await embedInBatches(verifier, both);
    const { embeddingSize } = backbone;
    return verifier.compare(embeddings.subarray(0, embeddingSize), embeddings.subarray(embeddingSize));
  },
  async encode() {
    const { backbone, description } = trained();
    const state = backbone.getState();
    try {
      return await encodeModel(description, state);
    } finally {
      tf.dispose(state);
    }
  },
  async load({ bytes }) {
    const { description, state } = decodeModel(bytes);
    try {
      const backbone = createBackbone(description.backbone);
      try {
        checkInput(backbone);
        backbone.setState(state);
      } catch (error) {
        backbone.dispose();
        throw error;
      }
      replaceModel({ backbone, description });
    } finally {
      tf.dispose(state);
    }
  },
};

/** @throws DataError if a network takes other images than this page has */
function checkInput({ inputShape }: Backbone): void {
  if (inputShape.join() === [imageSize, imageSize, 1].join()) return;
  throw new DataError(
    `The model takes images of [${inputShape.join(', ')}], but this page has images of [${imageSize}, ${imageSize}, 1].`,
  );
}

function trained(): TrainedModel {
  if (!model) throw new ConfigError('No network is trained yet. Train one, or load a saved run.');
  return model;
}

function replaceModel(next: TrainedModel): void {
  model?.backbone.dispose();
  model = next;
}

answerCalls(answers, errorText, (result) =>
  result instanceof Uint8Array ? [result.buffer as ArrayBuffer] : [],
);

/** Returns what went wrong; other errors than our own are bugs or limits of the browser. */
function errorText(error: unknown): string {
  if (error instanceof OpenSetError) return error.message;
  const text = error instanceof Error ? error.message : String(error);
  return `${text.replace(/\.?$/, '.')} Try again, or choose another backend.`;
}
