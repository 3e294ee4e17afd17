import { ConfigError } from '@openset/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { OnnxSource } from './export-options.ts';
import type { GraphBuilder } from './graph/graph-builder.ts';
import { addReshape, type Value } from './graph/value.ts';
import { convertGraph } from './graph-model/convert-graph.ts';
import type { GraphNetwork } from './graph-model/graph-network.ts';
import { convertLayers, planLayers, readWeights } from './layer-graph.ts';

/** A network whose weights have been read. */
export interface SourceNetwork {
  readonly name: string;
  /** Height, width and channels of the images; null for any length. */
  readonly imageShape: readonly [number | null, number | null, number];
  readonly embeddingSize: number;
  /** Adds the nodes of the network to a graph and returns the embeddings. */
  convert(graph: GraphBuilder, images: Value): Value;
}

/**
 * Reads the network of a source with its current weights.
 * @throws ConfigError if the source is no network, or does not map one image to one embedding; UnsupportedLayerError for a layer
 *   without counterpart; DataError for a weight with NaN or infinities
 */
export async function readNetwork(source: OnnxSource): Promise<SourceNetwork> {
  if (typeof source === 'object' && source !== null && 'readGraph' in source) {
    return readGraphNetwork(await source.readGraph());
  }
  const model = requireLayersModel(source);
  const shapes = readShapes(model);
  const plan = planLayers(model);
  const weights = await readWeights(plan);
  return {
    name: model.name,
    ...shapes,
    convert: (graph, images) => convertLayers(graph, plan, weights, images),
  };
}

async function readGraphNetwork(network: GraphNetwork): Promise<SourceNetwork> {
  const { name, inputShape, outputSize, head } = network;
  const plan = head && planLayers(head);
  const weights = plan && (await readWeights(plan));
  return {
    name,
    imageShape: inputShape,
    embeddingSize: head ? readShapes(head).embeddingSize : outputSize,
    convert(graph, images) {
      const output = convertGraph(graph, network, images);
      if (!plan || !weights) return output;
      const map = addReshape(graph, output.name, [outputSize, 1, 1], 'head/input');
      return convertLayers(graph, plan, weights, { name: map, shape: [null, 1, 1, outputSize] });
    },
  };
}

/** @throws ConfigError if the source is neither a `LayersModel` nor has one as its `model` */
function requireLayersModel(source: unknown): LayersModel {
  // Check this first: a sequential model is a model and also has another one as its `model`.
  if (isModel(source)) return source;
  const { model } = (source ?? {}) as { model?: unknown };
  if (isModel(model)) return model;
  throw new ConfigError(
    'ONNX export needs a LayersModel of tfjs-layers, a backbone with one as its `model`, or a backbone over a graph model: ' +
      'functions do not expose their layers.',
  );
}

function isModel(value: unknown): value is LayersModel {
  return typeof value === 'object' && value !== null && 'layers' in value && 'inputs' in value;
}

function readShapes({ name, inputs = [], outputs = [] }: LayersModel): {
  readonly imageShape: readonly [number | null, number | null, number];
  readonly embeddingSize: number;
} {
  const text = (shapes: readonly { shape: readonly unknown[] }[]) =>
    shapes.map(({ shape }) => `[${shape.map(String).join(', ')}]`).join(', ') || 'nothing';
  const [, height = null, width = null, channels = null] = inputs[0]?.shape ?? [];
  if (inputs.length !== 1 || inputs[0]?.shape.length !== 4 || channels === null) {
    throw new ConfigError(
      `The input of model '${name}' is ${text(inputs)}, but must be one image [batch, height, width, channels].`,
    );
  }
  const shape = outputs[0]?.shape ?? [];
  const isVector = shape.length === 2 || (shape.length === 4 && shape[1] === 1 && shape[2] === 1);
  const embeddingSize = shape.at(-1) ?? null;
  if (outputs.length !== 1 || !isVector || embeddingSize === null) {
    throw new ConfigError(
      `The output of model '${name}' is ${text(outputs)}, but must be one embedding [batch, size].`,
    );
  }
  return { imageShape: [height, width, channels], embeddingSize };
}
