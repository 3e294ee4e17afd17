import {
  ConfigError,
  type EmbeddingEngine,
  EngineError,
  type ImageBatchShape,
  ShapeError,
  shapeText,
} from '@openset/core';
import { exportOnnx } from '../export-onnx.ts';
import type { OnnxSource } from '../export-options.ts';
import { inputName, outputName } from '../graph/names.ts';
import { readOnnxMetadata } from '../metadata.ts';
import { createSession } from './create-session.ts';
import type { OnnxRuntime, OnnxSession, OnnxSessionOptions, OnnxTensor } from './onnx-runtime.ts';

/** Options of `onnxEngine`. */
export interface OnnxEngineOptions {
  /** The module `onnxruntime-web`, `onnxruntime-node` or another one with their API, as the caller has set it up. */
  readonly runtime: OnnxRuntime;
  /** Options of the session that override ours, such as `executionProviders`. */
  readonly session?: OnnxSessionOptions;
}

/**
 * Opens a network in onnxruntime, as an engine for `Verifier`. The network is exported in memory, with its current weights; later
 * changes of these have no effect.
 *
 * @throws UnsupportedLayerError for a layer that cannot be exported; EngineError if onnxruntime cannot load the network; ConfigError
 *   for a source that is no network
 * @example
 * import { smallCnn } from '@openset/backbones';
 * import { onnxEngine } from '@openset/onnx';
 * import { backboneEngine, requireSameEmbeddings, Verifier } from '@openset/verify';
 * import '@tensorflow/tfjs';
 * import * as ort from 'onnxruntime-node'; // in browsers 'onnxruntime-web/wasm'
 *
 * const backbone = smallCnn({ channels: 1 }); // and train it
 * const engine = await onnxEngine(backbone, { runtime: ort });
 * await requireSameEmbeddings(engine, backboneEngine(backbone), backbone.inputShape);
 * const verifier = new Verifier({ backbone, engine, threshold: 0.5 });
 * await engine.dispose();
 */
export async function onnxEngine(
  source: OnnxSource,
  { runtime, session: options }: OnnxEngineOptions,
): Promise<EmbeddingEngine> {
  // Loaders make images channels last; onnxruntime transposes them faster than we.
  const bytes = await exportOnnx(source, { layout: 'nhwc', foldBatchNorms: true });
  const { size, channels } = readOnnxMetadata(bytes).input!;
  const session = await createSession(runtime, bytes, options);
  return new SessionEngine(runtime, session, [...size, channels]);
}

class SessionEngine implements EmbeddingEngine {
  readonly name = 'onnxruntime';
  readonly #runtime: OnnxRuntime;
  readonly #imageShape: readonly (number | null)[];
  readonly #running = new Set<Promise<unknown>>();
  #session: OnnxSession | null;

  constructor(runtime: OnnxRuntime, session: OnnxSession, imageShape: readonly (number | null)[]) {
    this.#runtime = runtime;
    this.#session = session;
    this.#imageShape = imageShape;
  }

  async embed(images: Float32Array, shape: ImageBatchShape): Promise<Float32Array> {
    const session = this.#session;
    if (!session) throw new ConfigError('This engine was disposed of; make a new one.');
    this.#checkImages(images, shape);
    if (shape[0] === 0) return new Float32Array(0);
    // Both are views of the numbers, without a copy.
    const run = session.run({ [inputName]: new this.#runtime.Tensor('float32', images, shape) });
    this.#running.add(run);
    try {
      const { [outputName]: rows } = (await run) as Record<string, OnnxTensor>;
      return (await rows!.getData()) as Float32Array;
    } catch (error) {
      throw new EngineError(`onnxruntime failed on ${shape[0]} images: ${(error as Error).message}`, {
        cause: error,
      });
    } finally {
      this.#running.delete(run);
    }
  }

  async dispose(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await Promise.allSettled(this.#running);
    await session?.release();
  }

  #checkImages(images: Float32Array, shape: ImageBatchShape): void {
    const [count, ...axes] = shape;
    const isRight = axes.every((length, axis) => length === (this.#imageShape[axis] ?? length));
    if (isRight && images.length === count * axes[0] * axes[1] * axes[2]) return;
    const expected = this.#imageShape.map((length) => length ?? 'any').join(', ');
    throw new ShapeError(
      `The network takes images [count, ${expected}], but got ${images.length} values in the shape ${shapeText(shape)}.`,
    );
  }
}
