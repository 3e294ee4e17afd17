import { ConfigError, readThreshold } from '@openset/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import manifest from '../package.json' with { type: 'json' };
import { checkOptions, modelOf, type OnnxExportOptions, type OnnxSource } from './export-options.ts';
import type { ModelProto, ValueInfoProto } from './format/schema.ts';
import { encodeMessage } from './format/wire-format.ts';
import { foldBatchNorms } from './graph/fold-batch-norms.ts';
import { foldPads } from './graph/fold-pads.ts';
import { GraphBuilder } from './graph/graph-builder.ts';
import { addFlip, addFlipSum, addInputStage, addNormalization } from './graph/stages.ts';
import { elementTypes } from './graph/tensor.ts';
import { inLayersOrder, type Value } from './graph/value.ts';
import { type InnerScaling, type OnnxInputConvention, resolveInput } from './input-convention.ts';
import { convertLayers, type LayerPlan, type LayerWeights, planLayers, readWeights } from './layer-graph.ts';
import { metadataEntries, type OnnxDescription } from './metadata.ts';

/** ONNX 1.8 of 2020: everything that is needed here, and runtimes of the last years read it. */
const opset = 13;
const irVersion = 7;

/** Names of what goes in and what comes out. */
const inputName = 'input';
const outputName = 'embedding';

/**
 * Writes a network as ONNX (opset 13): images `[batch, channels, height, width]` in as `input`, embeddings
 * `[batch, embeddingSize]` out as `embedding`, any batch. Feature maps stay channels first throughout.
 *
 * The metadata hold the learned threshold, what the file takes and gives, and how it was made; `readOnnxMetadata` reads
 * them.
 *
 * @param source a `LayersModel`, or a backbone with one as its `model`; weights and running statistics as they are now
 * @returns the bytes of an `.onnx` file
 * @throws UnsupportedLayerError for a layer that has no counterpart; ConfigError for options out of their range, and for
 *   models that do not make one embedding of one image; DataError for models above 2 GB
 */
export async function exportOnnx(
  source: OnnxSource,
  options: OnnxExportOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkOptions(options);
  const model = modelOf(source);
  const { imageShape, embeddingSize } = shapesOf(model);
  const { convention, inner } = resolveInput(options, imageShape);
  const { flipSum = false, normalize = false } = options;
  const description: OnnxDescription = {
    ...(await trainingOf(source, options)),
    input: convention,
    output: { embeddingSize, flipSum, normalized: normalize },
  };
  const metadataProps = metadataEntries(description, options.metadata ?? {});
  const plan = planLayers(model);
  const network = { plan, weights: await readWeights(plan) };
  const file: ModelProto = {
    irVersion,
    producerName: manifest.name,
    producerVersion: manifest.version,
    opsetImport: [{ domain: '', version: opset }],
    metadataProps,
    graph: buildGraph(network, {
      ...description,
      inner,
      foldBatchNorms: options.foldBatchNorms ?? false,
    }).build(
      model.name,
      inputInfo(convention),
      tensorInfo(outputName, elementTypes.float32, ['batch', embeddingSize]),
    ),
  };
  return encodeMessage('Model', file);
}

function buildGraph(
  { plan, weights }: { readonly plan: LayerPlan; readonly weights: LayerWeights },
  {
    input,
    output,
    inner,
    foldBatchNorms: fold,
  }: Pick<OnnxDescription, 'input' | 'output'> & {
    readonly inner: InnerScaling | null;
    readonly foldBatchNorms: boolean;
  },
): GraphBuilder {
  const graph = new GraphBuilder();
  graph.uniqueName(inputName);
  graph.uniqueName(outputName);
  const images = addInputStage(graph, inputName, input, inner);
  const result = convertLayers(graph, plan, weights, output.flipSum ? addFlip(graph, images) : images);
  foldPads(graph);
  if (fold) foldBatchNorms(graph);
  let name = asEmbedding(graph, result);
  if (output.flipSum) name = addFlipSum(graph, name, output.embeddingSize);
  if (output.normalized) name = addNormalization(graph, name);
  graph.rename(name, outputName);
  return graph;
}

/** One row of numbers for each image, in the order of tfjs. */
function asEmbedding(graph: GraphBuilder, result: Value): string {
  if (result.shape.length === 4) return graph.add('Flatten', [result.name], { name: 'flatten_output' });
  return inLayersOrder(graph, result, 'output_order').name;
}

/** What is known of the training: from the options, otherwise from the loss and the backbone themselves. */
async function trainingOf(
  source: OnnxSource,
  { loss, threshold, lossConfig, backboneConfig }: OnnxExportOptions,
): Promise<Pick<OnnxDescription, 'threshold' | 'loss' | 'backbone'>> {
  const learned = threshold === undefined && loss ? await readThreshold(loss) : threshold;
  const own = 'model' in source && !('layers' in source) ? source.getConfig?.() : undefined;
  return {
    threshold: learned ?? null,
    loss: lossConfig ?? loss?.getConfig() ?? null,
    backbone: backboneConfig ?? own ?? null,
  };
}

function shapesOf({ name, inputs = [], outputs = [] }: LayersModel): {
  readonly imageShape: readonly [number | null, number | null, number];
  readonly embeddingSize: number;
} {
  const text = (shapes: readonly { shape: readonly unknown[] }[]) =>
    shapes.map(({ shape }) => `[${shape.map(String).join(', ')}]`).join(', ') || 'nothing';
  const [, height = null, width = null, channels = null] = inputs[0]?.shape ?? [];
  if (inputs.length !== 1 || inputs[0]?.shape.length !== 4 || channels === null) {
    throw new ConfigError(
      `The model '${name}' takes ${text(inputs)}, not one image [batch, height, width, channels]; it cannot be exported.`,
    );
  }
  const shape = outputs[0]?.shape ?? [];
  const isVector = shape.length === 2 || (shape.length === 4 && shape[1] === 1 && shape[2] === 1);
  const embeddingSize = shape.at(-1) ?? null;
  if (outputs.length !== 1 || !isVector || embeddingSize === null) {
    throw new ConfigError(
      `The model '${name}' gives ${text(outputs)}, not one embedding [batch, size]; it cannot be exported.`,
    );
  }
  return { imageShape: [height, width, channels], embeddingSize };
}

function inputInfo({ layout, type, size: [height, width], channels }: OnnxInputConvention): ValueInfoProto {
  const [rows, columns] = [height ?? 'height', width ?? 'width'];
  const shape = layout === 'nchw' ? [channels, rows, columns] : [rows, columns, channels];
  return tensorInfo(inputName, elementTypes[type], ['batch', ...shape]);
}

/** Lengths that may differ from call to call are given by a name. */
function tensorInfo(name: string, elemType: number, shape: readonly (number | string)[]): ValueInfoProto {
  const dim = shape.map((length) =>
    typeof length === 'string' ? { dimParam: length } : { dimValue: length },
  );
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
