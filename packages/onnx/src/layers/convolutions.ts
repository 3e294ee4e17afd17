import { int } from '../graph/attributes.ts';
import { transposeConstant } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { addActivation } from './activations.ts';
import {
  addLayerConstant,
  checkChannelsLast,
  type LayerCall,
  type LayerConverter,
  readPair,
  requireSingleInput,
  requireWeight,
} from './layer-call.ts';
import { type Window, windowAttributes } from './window.ts';

/** Kernels of tfjs are `[height, width, in, out]`, those of ONNX `[out, in, height, width]`. */
const kernelOrder = [3, 2, 0, 1];

const conv2d: LayerConverter = (call) => {
  checkChannelsLast(call);
  const input = requireSingleInput(call);
  const kernel = addLayerConstant(call, 'kernel', () =>
    transposeConstant(requireWeight(call, 'kernel'), kernelOrder),
  );
  const name = call.graph.add('Conv', [input.name, kernel, ...addBias(call)], {
    name: call.name,
    attributes: windowAttributes(call, input, readWindow(call)),
  });
  return addActivation(call, { name, shape: call.outputShape });
};

const depthwiseConv2d: LayerConverter = (call) => {
  checkChannelsLast(call);
  const input = requireSingleInput(call);
  // tfjs-layers 4.22 accepts a dilationRate but ignores it.
  const window = { ...readWindow(call), dilations: [1, 1] as const };
  const name = addDepthwise(call, input, window, addBias(call));
  return addActivation(call, { name, shape: call.outputShape });
};

const separableConv2d: LayerConverter = (call) => {
  checkChannelsLast(call);
  const middle = addDepthwise(call, requireSingleInput(call), readWindow(call), []);
  const kernel = addLayerConstant(call, 'pointwise_kernel', () =>
    transposeConstant(requireWeight(call, 'pointwise_kernel'), kernelOrder),
  );
  const name = call.graph.add('Conv', [middle, kernel, ...addBias(call)], { name: call.name });
  return addActivation(call, { name, shape: call.outputShape });
};

/** Adds a convolution with one group for each channel, which has `depthMultiplier` kernels of its own. */
function addDepthwise(call: LayerCall, input: Value, window: Window, biases: readonly string[]): string {
  const weight = requireWeight(call, 'depthwise_kernel');
  const channels = weight.shape[2]!;
  const kernel = addLayerConstant(call, 'depthwise_kernel', () => {
    // [height, width, channels, multiplier] → [channels, multiplier, height, width]. Results are in the same order as in
    // tfjs: by channel, then by multiplier.
    const { data } = transposeConstant(weight, [2, 3, 0, 1]);
    return { shape: [channels * weight.shape[3]!, 1, ...window.size], data };
  });
  return call.graph.add('Conv', [input.name, kernel, ...biases], {
    name: call.name,
    attributes: { ...windowAttributes(call, input, window), group: int(channels) },
  });
}

function readWindow(call: LayerCall): Window {
  return {
    size: readPair(call, 'kernelSize'),
    strides: readPair(call, 'strides'),
    dilations: readPair(call, 'dilationRate'),
  };
}

function addBias(call: LayerCall): readonly string[] {
  return call.config.useBias === false
    ? []
    : [addLayerConstant(call, 'bias', () => requireWeight(call, 'bias'))];
}

/** Converters of convolutions. */
export const convolutionLayers: Readonly<Record<string, LayerConverter>> = {
  Conv2D: conv2d,
  DepthwiseConv2D: depthwiseConv2d,
  SeparableConv2D: separableConv2d,
};
