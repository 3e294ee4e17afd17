import { scalar } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import {
  checkChannelsLast,
  type LayerCall,
  type LayerConverter,
  readPair,
  requireSingleInput,
} from './layer-call.ts';
import { windowAttributes } from './window.ts';

/** Returns the converter of a pool. In tfjs, as by default in ONNX, padding counts neither for maximum nor for mean. */
const pool =
  (opType: 'MaxPool' | 'AveragePool'): LayerConverter =>
  (call) => {
    checkChannelsLast(call);
    const input = requireSingleInput(call);
    const window = { size: readPair(call, 'poolSize'), strides: readPair(call, 'strides') };
    const attributes = windowAttributes(call, input, window);
    return {
      name: call.graph.add(opType, [separateFromPad(call, input)], { name: call.name, attributes }),
      shape: call.outputShape,
    };
  };

/**
 * Separates a pool from a `Pad` before it by a maximum with −∞. onnxruntime (at least up to 1.30) and onnx-simplifier
 * otherwise merge a `Pad` of zeros into the pool's own padding. For a maximum that means −∞, and they fail if the padding is
 * wider than the window.
 */
function separateFromPad({ graph, name }: LayerCall, input: Value): string {
  const source = graph.nodes.find(({ output }) => output === input.name);
  if (source?.opType !== 'Pad') return input.name;
  const lowest = graph.addConstant('number -Infinity', () => scalar(Number.NEGATIVE_INFINITY));
  return graph.add('Max', [input.name, lowest], { name });
}

const globalPool =
  (opType: 'GlobalMaxPool' | 'GlobalAveragePool'): LayerConverter =>
  (call) => {
    checkChannelsLast(call);
    const pooled = call.graph.add(opType, [requireSingleInput(call).name], { name: call.name });
    // [batch, channels, 1, 1] → [batch, channels]
    return { name: call.graph.add('Flatten', [pooled], { name: call.name }), shape: call.outputShape };
  };

/** Converters of pools. */
export const poolLayers: Readonly<Record<string, LayerConverter>> = {
  MaxPooling2D: pool('MaxPool'),
  AveragePooling2D: pool('AveragePool'),
  GlobalMaxPooling2D: globalPool('GlobalMaxPool'),
  GlobalAveragePooling2D: globalPool('GlobalAveragePool'),
};
