import {
  type Backbone,
  type EmbeddingEngine,
  isSplitBackbone,
  OpenSetError,
  type SplitBackbone,
} from '@openset/core';
import type { OnnxSource } from '@openset/onnx';
import { GraphBackbone } from '@openset/pretrained';
import { backboneEngine, requireSameEmbeddings } from '@openset/verify';
import type { RunningBackend } from '../backends.ts';
import { withFrozenPart } from '../features/split-network.ts';
import { onnxSource } from '../model/onnx-source.ts';
import type { Output } from '../output.ts';
import { backendText } from '../start-backend.ts';
import type { NativeCalls } from '../workers/native-calls.ts';
import { isOnnxRuntimeInstalled, type ResolvedEngine } from './engine-choice.ts';
import { fewestImages } from './engine-names.ts';
import { SplitEngine } from './split-engine.ts';

/** The engine of a model, for people and in results. */
export interface EngineFacts {
  /** Backend, or `'onnxruntime'`. */
  readonly name: string;
  /** Version of onnxruntime; null for a backend. */
  readonly version: string | null;
  /** Null if the backend does not report it. */
  readonly threads: number | null;
}

/** An engine that embeds with a model. */
export interface OpenedEngine {
  /** Null for the network on the backend. */
  readonly engine: EmbeddingEngine | null;
  readonly facts: EngineFacts;
}

/** What the choice of an engine depends on. */
export interface EngineRequest {
  /** As in `ResolvedEngine`. */
  readonly onnxruntime: ResolvedEngine['onnxruntime'];
  readonly running: RunningBackend;
  /** Number of images that will be embedded, as far as it is known. */
  readonly images: number;
  readonly output: Pick<Output, 'note'>;
  /** In a thread that may be terminated. */
  readonly nativeCalls?: NativeCalls | undefined;
}

/**
 * Opens the engine of a model, and notes onnxruntime. This must have the embeddings of the network on a test image, to 1e-4. If the
 * user has not asked for it and it fails, the backend is used, with a note.
 * @param open replaced in tests
 * @throws ConfigError if onnxruntime is asked for and not installed; EngineError if it fails or has other embeddings;
 *   UnsupportedLayerError, UnsupportedOperationError for a network that cannot be exported
 */
export async function openEngine(
  backbone: Backbone,
  request: EngineRequest,
  open: typeof openOnnxRuntime = openOnnxRuntime,
): Promise<OpenedEngine> {
  const { onnxruntime, running, images, output } = request;
  const isOpened =
    onnxruntime === true ||
    // A GPU is faster than onnxruntime on the processor.
    (onnxruntime === 'auto' &&
      images >= fewestImages &&
      running.name !== 'node-gpu' &&
      isOnnxRuntimeInstalled());
  if (isOpened) {
    try {
      const opened = await open(backbone, running.threads ?? undefined, request.nativeCalls);
      output.note(`engine: ${engineText(opened.facts)}`);
      return opened;
    } catch (error) {
      if (onnxruntime === true || !(error instanceof OpenSetError)) throw error;
      output.note(`engine: onnxruntime is not used. ${error.problem}`);
    }
  }
  return { engine: null, facts: { name: running.name, version: null, threads: running.threads } };
}

/** Describes an engine: `onnxruntime 1.30.0, 2 threads`. */
function engineText({ name, version, threads }: EngineFacts): string {
  return backendText({ name: version === null ? name : `${name} ${version}`, threads });
}

async function openOnnxRuntime(
  backbone: Backbone,
  threads: number | undefined,
  nativeCalls: NativeCalls | undefined,
): Promise<OpenedEngine> {
  const { loadNodeRuntime, nodeOnnxEngine } = await import('@openset/onnx/node');
  const guard: <Result>(call: () => Promise<Result>) => Promise<Result> = nativeCalls
    ? (call) => nativeCalls.run(call)
    : (call) => call();
  const { version } = await guard(loadNodeRuntime);
  const open = async (source: OnnxSource): Promise<EmbeddingEngine> => {
    const engine = await guard(() => nodeOnnxEngine(source, threads === undefined ? {} : { threads }));
    return {
      name: engine.name,
      embed: (images, shape) => guard(() => engine.embed(images, shape)),
      dispose: () => guard(() => engine.dispose()),
    };
  };
  const split = wholeFrozenPart(backbone);
  const engine = split
    ? new SplitEngine(split, await open({ readGraph: () => split.readGraph('features') }))
    : await open(onnxSource(backbone));
  try {
    await requireSameEmbeddings(engine, backboneEngine(backbone), backbone.inputShape);
    return { engine, facts: { name: engine.name, version, threads: threads ?? null } };
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

/** Returns a graph model that is frozen up to its output, so that its features are cached; otherwise null. */
function wholeFrozenPart(backbone: Backbone): (GraphBackbone & SplitBackbone) | null {
  if (!isSplitBackbone(backbone) || !(backbone instanceof GraphBackbone)) return null;
  return withFrozenPart(backbone) && backbone.isFrozen ? backbone : null;
}
