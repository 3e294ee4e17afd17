import { minimumNorm } from '@openset/core';
import type { InnerScaling, OnnxInputConvention } from '../input-convention.ts';
import { int, ints } from './attributes.ts';
import type { GraphBuilder } from './graph-builder.ts';
import { elementTypes, scalar, wholeNumbers } from './tensor.ts';
import { addTranspose, type Value } from './value.ts';

/** Adds the steps from the file's input to the float32 feature map of the first layer. */
export function addInputStage(
  graph: GraphBuilder,
  input: string,
  { type, layout, size, channels }: OnnxInputConvention,
  inner: InnerScaling | null,
): Value {
  let name = input;
  if (type === 'uint8') {
    name = graph.add('Cast', [name], { name: 'cast', attributes: { to: int(elementTypes.float32) } });
  }
  if (layout === 'nhwc') name = addTranspose(graph, name, [0, 3, 1, 2], 'channels_first');
  if (inner !== null) {
    // InsightFace's tools look for nodes whose names start with Sub and Mul; if they find them, they feed unscaled pixels.
    const perChannel = (values: readonly number[]) => () => ({
      shape: [channels, 1, 1],
      data: Float32Array.from(values),
    });
    const mean = graph.addConstant('pixel mean', perChannel(inner.mean));
    name = graph.add('Sub', [name, mean], { name: 'Sub_pixel_mean' });
    const factor = graph.addConstant('pixel factor', perChannel(inner.std.map((value) => 1 / value)));
    name = graph.add('Mul', [name, factor], { name: 'Mul_pixel_factor' });
  }
  return { name, shape: [null, ...size, channels] };
}

/** Doubles the batch: the images, then the mirrored images. */
export function addFlip(graph: GraphBuilder, images: Value): Value {
  const lists = { starts: [-1], ends: [-(2n ** 63n)], axes: [3], steps: [-1] };
  const inputs = Object.entries(lists).map(([key, list]) =>
    graph.addConstant(`flip/${key}`, () => wholeNumbers(list)),
  );
  const flipped = graph.add('Slice', [images.name, ...inputs], { name: 'flip' });
  const attributes = { axis: int(0) };
  return {
    ...images,
    name: graph.add('Concat', [images.name, flipped], { name: 'with_flipped', attributes }),
  };
}

/** Halves the batch of `addFlip`: adds the embeddings of each image and its mirrored image. */
export function addFlipSum(graph: GraphBuilder, embeddings: string, embeddingSize: number): string {
  const shape = graph.addConstant('flip_sum/shape', () => wholeNumbers([2, -1, embeddingSize]));
  const halves = graph.add('Reshape', [embeddings, shape], { name: 'flip_pairs' });
  const axes = graph.addConstant('flip_sum/axes', () => wholeNumbers([0]));
  return graph.add('ReduceSum', [halves, axes], { name: 'flip_sum', attributes: { keepdims: int(0) } });
}

/** Adds `x / max(‖x‖, 1e-5)`, as in the losses. Divides by the largest magnitude first, so that no square overflows. */
export function addNormalization(graph: GraphBuilder, embeddings: string): string {
  const alongFeatures = { axes: ints([1]), keepdims: int(1) };
  const add = (opType: string, inputs: readonly string[], name: string, attributes = {}) =>
    graph.add(opType, inputs, { name: `normalize/${name}`, attributes });
  const number = (name: string, value: number) => graph.addConstant(`normalize/${name}`, () => scalar(value));
  const magnitudes = add('Abs', [embeddings], 'magnitudes');
  const largest = add('ReduceMax', [magnitudes], 'largest', alongFeatures);
  const safe = add('Max', [largest, number('smallest_divisor', 1e-30)], 'safe');
  const scaled = add('Div', [embeddings, safe], 'scaled');
  const norm = add('ReduceL2', [scaled], 'norm', alongFeatures);
  const floor = add('Div', [number('minimum_norm', minimumNorm), safe], 'floor');
  return add('Div', [scaled, add('Max', [norm, floor], 'divisor')], 'unit');
}
