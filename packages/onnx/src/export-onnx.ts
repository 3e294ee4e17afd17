import { readThreshold } from '@openset/core';
import manifest from '../package.json' with { type: 'json' };
import { checkOptions, type OnnxExportOptions, type OnnxSource } from './export-options.ts';
import type { ModelProto, ValueInfoProto } from './format/schema.ts';
import { encodeMessage } from './format/wire-format.ts';
import { foldBatchNorms } from './graph/fold-batch-norms.ts';
import { foldPads } from './graph/fold-pads.ts';
import { GraphBuilder } from './graph/graph-builder.ts';
import { inputName, outputName } from './graph/names.ts';
import { addFlip, addFlipSum, addInputStage, addNormalization } from './graph/stages.ts';
import { elementTypes } from './graph/tensor.ts';
import { toTfjsLayout, type Value } from './graph/value.ts';
import { type InnerScaling, type OnnxInputConvention, resolveInput } from './input-convention.ts';
import { encodeMetadata, type OnnxDescription } from './metadata.ts';
import { readNetwork, type SourceNetwork } from './network-source.ts';

/** ONNX 1.8 of 2020. It has every operator that we need, and all current runtimes read it. */
const opset = 13;
const irVersion = 7;

/**
 * Encodes a network as an ONNX file (opset 13). The input `input` is a batch of images `[batch, channels, height, width]`,
 * the output `embedding` is `[batch, embeddingSize]`. The batch may have any length. Feature maps are channels first.
 *
 * The metadata hold the threshold with its question, the crop of the training's faces, the conventions of input and output, and the configurations of loss
 * and backbone. `readOnnxMetadata` reads them.
 *
 * @param source a `LayersModel`, a backbone with one as its `model`, or a `GraphBackbone` of `@openset/pretrained`. The file gets its
 *   current weights and running statistics
 * @returns the bytes of an `.onnx` file
 * @throws UnsupportedLayerError or UnsupportedOperationError for a layer or an operation without counterpart; ConfigError for invalid options, and for a model that does
 *   not map one image to one embedding; DataError for a weight with NaN or infinities, and for a model
 *   above 2 GB
 */
export async function exportOnnx(
  source: OnnxSource,
  options: OnnxExportOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkOptions(options);
  const network = await readNetwork(source);
  const { name, imageShape, embeddingSize } = network;
  const { convention, inner } = resolveInput(options, imageShape);
  const { flipSum = false, normalize = false } = options;
  const description: OnnxDescription = {
    ...(await describeTraining(source, options)),
    input: convention,
    output: { embeddingSize, flipSum, normalized: normalize },
  };
  const metadataProps = encodeMetadata(description, options.metadata ?? {});
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
      name,
      describeInput(convention),
      toValueInfo(outputName, elementTypes.float32, ['batch', embeddingSize]),
    ),
  };
  return encodeMessage('Model', file);
}

function buildGraph(
  network: SourceNetwork,
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
  graph.reserveName(inputName);
  graph.reserveName(outputName);
  const images = addInputStage(graph, inputName, input, inner);
  const result = network.convert(graph, output.flipSum ? addFlip(graph, images) : images);
  foldPads(graph);
  if (fold) foldBatchNorms(graph);
  let name = toEmbedding(graph, result);
  if (output.flipSum) name = addFlipSum(graph, name, output.embeddingSize);
  if (output.normalized) name = addNormalization(graph, name);
  graph.rename(name, outputName);
  return graph;
}

/** Returns the result as one row for each image, in the layout of tfjs. */
function toEmbedding(graph: GraphBuilder, result: Value): string {
  if (result.shape.length === 4) return graph.add('Flatten', [result.name], { name: 'flatten_output' });
  return toTfjsLayout(graph, result, 'output_order').name;
}

/** Returns threshold, question, crop, loss and backbone: from the options, or else from the loss and the backbone themselves. */
async function describeTraining(
  source: OnnxSource,
  { loss, threshold, question = null, crop, lossConfig, backboneConfig }: OnnxExportOptions,
): Promise<Pick<OnnxDescription, 'threshold' | 'question' | 'crop' | 'loss' | 'backbone'>> {
  const learned = threshold === undefined && loss ? await readThreshold(loss) : threshold;
  const own = 'layers' in source ? undefined : source.getConfig?.();
  return {
    threshold: learned ?? null,
    question,
    crop,
    loss: lossConfig ?? loss?.getConfig() ?? null,
    backbone: backboneConfig ?? own ?? null,
  };
}

function describeInput({
  layout,
  type,
  size: [height, width],
  channels,
}: OnnxInputConvention): ValueInfoProto {
  const [rows, columns] = [height ?? 'height', width ?? 'width'];
  const shape = layout === 'nchw' ? [channels, rows, columns] : [rows, columns, channels];
  return toValueInfo(inputName, elementTypes[type], ['batch', ...shape]);
}

/** Returns the description of a tensor. A length that may vary is a name. */
function toValueInfo(name: string, elemType: number, shape: readonly (number | string)[]): ValueInfoProto {
  const dim = shape.map((length) =>
    typeof length === 'string' ? { dimParam: length } : { dimValue: length },
  );
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
