import { parentPort, workerData } from 'node:worker_threads';
import { OpenSetError } from '@openset/core';
import { modelFingerprint } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '../backends.ts';
import { photoCrop } from '../faces/choose-alignment.ts';
import { loadFaceTools } from '../faces/face-tools.ts';
import { loadModel } from '../model/load-model.ts';
import { NativeCalls } from '../workers/native-calls.ts';
import { type ImageRecognizer, imageRecognizer } from './image-recognizer.ts';
import type { WorkerReply, WorkerSetup, WorkerTask } from './recognizer-messages.ts';

// The entry point of a worker thread of `openRecognizer`, with a backend, a network and a detector of its own.

const setup = workerData as WorkerSetup;
/** Images that are being recognised, by their calls, with whether nobody waits for them any more. */
const running = new Map<number, { isDropped: boolean }>();

function send(reply: WorkerReply, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(reply, transfer);
}

async function start(): Promise<ImageRecognizer> {
  const { backend, onnxruntime, threads, limits, batch, decoding } = setup;
  const running = await useBackend(backend, { threads });
  const notes: string[] = [];
  const loaded = await loadModel(setup.model, setup.threshold, {
    ...{ onnxruntime, running, nativeCalls: new NativeCalls(setup.nativeCalls) },
    // The service runs long.
    images: Number.POSITIVE_INFINITY,
    output: { note: (line) => notes.push(line) },
  });
  const { source, backbone } = loaded;
  const state = backbone.getState();
  const fingerprint = await modelFingerprint(loaded.description, state);
  tf.dispose(state);
  const crop = photoCrop({ crop: loaded.description.crop, align: setup.align || undefined });
  const description = { ...loaded.description, ...(crop && { crop }) };
  const model = { ...loaded, description };
  const recognizer = imageRecognizer(model, { limits, batch, decoding });
  // The first photo must not wait for the detector.
  if (crop !== null) await loadFaceTools();
  const { embeddingSize } = backbone;
  const facts = { name: setup.model, fingerprint, embeddingSize, description, source };
  send({ kind: 'ready', model: facts, engine: loaded.engine!, notes, parallel: recognizer.parallel });
  return recognizer;
}

const started = start();
started.catch((error: unknown) => {
  const known = error instanceof OpenSetError;
  const problem = known
    ? error.problem
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
  const advice = known && error.advice ? { advice: error.advice } : {};
  send({ kind: 'failed', name: known ? error.name : 'Error', problem, ...advice });
});

parentPort?.on('message', async (task: WorkerTask) => {
  const { id } = task;
  if (task.kind === 'drop') {
    const state = running.get(id);
    if (state) state.isDropped = true;
    return;
  }
  const state = { isDropped: false };
  running.set(id, state);
  try {
    const recognizer = await started;
    const request = { select: task.select, align: task.align, isDropped: () => state.isDropped };
    const answer = await recognizer.recognize(task.image, request);
    const faces = answer && 'image' in answer ? answer.image.faces : [];
    const buffers = faces.flatMap(({ embedding }) => (embedding ? [embedding.buffer as ArrayBuffer] : []));
    send({ kind: 'answer', id, answer }, buffers);
  } catch (error) {
    send({
      kind: 'error',
      id,
      text: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  } finally {
    running.delete(id);
  }
});
