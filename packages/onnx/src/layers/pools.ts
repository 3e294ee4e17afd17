import { scalar } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { checkChannelsLast, type LayerCall, type LayerConverter, onlyInput, pair } from './layer-call.ts';
import { windowAttributes } from './window.ts';

/** Zeros of the padding count neither for the maximum nor for the mean, in tfjs as by default in ONNX. */
const pool =
  (opType: 'MaxPool' | 'AveragePool'): LayerConverter =>
  (call) => {
    checkChannelsLast(call);
    const input = onlyInput(call);
    const window = { size: pair(call, 'poolSize'), strides: pair(call, 'strides') };
    const attributes = windowAttributes(call, input, window);
    return {
      name: call.graph.add(opType, [apartFromPad(call, input)], { name: call.name, attributes }),
      shape: call.outputShape,
    };
  };

/**
 * onnxruntime (up to 1.30 at least) and onnx-simplifier take a `Pad` of zeros before a pool for padding of the pool, which
 * for a maximum means −∞, and fail where it is wider than the window. A maximum with −∞ in between keeps them apart.
 */
function apartFromPad({ graph, name }: LayerCall, input: Value): string {
  const source = graph.nodes.find(({ output }) => output === input.name);
  if (source?.opType !== 'Pad') return input.name;
  const lowest = graph.constant('number -Infinity', () => scalar(Number.NEGATIVE_INFINITY));
  return graph.add('Max', [input.name, lowest], { name });
}

const globalPool =
  (opType: 'GlobalMaxPool' | 'GlobalAveragePool'): LayerConverter =>
  (call) => {
    checkChannelsLast(call);
    const pooled = call.graph.add(opType, [onlyInput(call).name], { name: call.name });
    // [batch, channels, 1, 1] → [batch, channels]
    return { name: call.graph.add('Flatten', [pooled], { name: call.name }), shape: call.outputShape };
  };

/** Layers that pool. */
export const poolLayers: Readonly<Record<string, LayerConverter>> = {
  MaxPooling2D: pool('MaxPool'),
  AveragePooling2D: pool('AveragePool'),
  GlobalMaxPooling2D: globalPool('GlobalMaxPool'),
  GlobalAveragePooling2D: globalPool('GlobalAveragePool'),
};
