import { int } from '../graph/attributes.ts';
import { transposed } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { withActivation } from './activations.ts';
import {
  checkChannelsLast,
  constantOf,
  type LayerCall,
  type LayerConverter,
  onlyInput,
  pair,
  weightOf,
} from './layer-call.ts';
import { type Window, windowAttributes } from './window.ts';

/** Kernels of tfjs are `[height, width, in, out]`, those of ONNX `[out, in, height, width]`. */
const kernelOrder = [3, 2, 0, 1];

const conv2d: LayerConverter = (call) => {
  checkChannelsLast(call);
  const input = onlyInput(call);
  const kernel = constantOf(call, 'kernel', () => transposed(weightOf(call, 'kernel'), kernelOrder));
  const name = call.graph.add('Conv', [input.name, kernel, ...bias(call)], {
    name: call.name,
    attributes: windowAttributes(call, input, windowOf(call)),
  });
  return withActivation(call, { name, shape: call.outputShape });
};

const depthwiseConv2d: LayerConverter = (call) => {
  checkChannelsLast(call);
  const input = onlyInput(call);
  // tfjs-layers 4.22 takes a dilationRate, and computes without it.
  const window = { ...windowOf(call), dilations: [1, 1] as const };
  const name = depthwise(call, input, window, bias(call));
  return withActivation(call, { name, shape: call.outputShape });
};

const separableConv2d: LayerConverter = (call) => {
  checkChannelsLast(call);
  const middle = depthwise(call, onlyInput(call), windowOf(call), []);
  const kernel = constantOf(call, 'pointwise_kernel', () =>
    transposed(weightOf(call, 'pointwise_kernel'), kernelOrder),
  );
  const name = call.graph.add('Conv', [middle, kernel, ...bias(call)], { name: call.name });
  return withActivation(call, { name, shape: call.outputShape });
};

/** A convolution in which each channel has `depthMultiplier` kernels of its own: one group for each channel. */
function depthwise(call: LayerCall, input: Value, window: Window, biases: readonly string[]): string {
  const weight = weightOf(call, 'depthwise_kernel');
  const channels = weight.shape[2]!;
  const kernel = constantOf(call, 'depthwise_kernel', () => {
    // [height, width, channels, multiplier] → [channels, multiplier, height, width]: by channel, then by multiplier,
    // which is also the order of the results in tfjs.
    const { data } = transposed(weight, [2, 3, 0, 1]);
    return { shape: [channels * weight.shape[3]!, 1, ...window.size], data };
  });
  return call.graph.add('Conv', [input.name, kernel, ...biases], {
    name: call.name,
    attributes: { ...windowAttributes(call, input, window), group: int(channels) },
  });
}

function windowOf(call: LayerCall): Window {
  return {
    size: pair(call, 'kernelSize'),
    strides: pair(call, 'strides'),
    dilations: pair(call, 'dilationRate'),
  };
}

function bias(call: LayerCall): readonly string[] {
  return call.config.useBias === false ? [] : [constantOf(call, 'bias', () => weightOf(call, 'bias'))];
}

/** Layers that move a kernel over a feature map. */
export const convolutionLayers: Readonly<Record<string, LayerConverter>> = {
  Conv2D: conv2d,
  DepthwiseConv2D: depthwiseConv2d,
  SeparableConv2D: separableConv2d,
};
