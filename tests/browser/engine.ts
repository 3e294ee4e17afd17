import { smallCnn } from '@openset/backbones';
import { onnxEngine } from '@openset/onnx';
import { backboneEngine, requireSameEmbeddings, Verifier } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-web/wasm';

/** What onnxruntime computed in this browser. */
export interface EngineReport {
  /** Differences from the network on tfjs, on the fixed image. */
  readonly difference: { readonly cosine: number; readonly value: number };
  /** Number of values of each embedding of three images. */
  readonly lengths: readonly number[];
  /** Largest difference from the embeddings on tfjs. */
  readonly largest: number;
}

/** Embeds images with `onnxruntime-web`, whose files the server has. */
export async function embedWithOnnxRuntime(): Promise<EngineReport> {
  await tf.setBackend('cpu');
  ort.env.wasm.wasmPaths = '/onnxruntime/';
  ort.env.wasm.numThreads = 1;
  const backbone = smallCnn({ width: 4, inputSize: 16, embeddingSize: 8 });
  const engine = await onnxEngine(backbone, { runtime: ort, session: { executionProviders: ['wasm'] } });
  const difference = await requireSameEmbeddings(engine, backboneEngine(backbone), backbone.inputShape);
  const images = tf.randomUniform<tf.Rank.R4>([3, 16, 16, 3], -1, 1, 'float32', 5);
  const options = { backbone, threshold: 0 };
  const found = await new Verifier({ ...options, engine }).embed(images);
  const expected = await new Verifier(options).embed(images);
  const differences = found.flatMap((row, index) =>
    Array.from(row, (value, place) => Math.abs(value - expected[index]![place]!)),
  );
  await engine.dispose();
  images.dispose();
  backbone.dispose();
  return { difference, lengths: found.map((row) => row.length), largest: Math.max(...differences) };
}
