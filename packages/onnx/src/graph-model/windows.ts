import { type Attribute, int, ints } from '../graph/attributes.ts';
import { transposeConstant } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { addFusedSteps } from './fused-steps.ts';
import {
  addNodeConstant,
  floats,
  type NodeCall,
  type NodeConverter,
  readList,
  readText,
  requireConstant,
  requireValue,
  unsupported,
} from './node-call.ts';

/** Height and width of the map after a window has slid over it, and the attributes of the ONNX node. */
interface Windows {
  readonly height: number;
  readonly width: number;
  readonly attributes: Record<string, Attribute>;
}

const conv2d: NodeConverter = (call) => {
  const input = requireMap(call);
  const filter = requireConstant(call, 1);
  const [height, width, inChannels, outChannels] = filter.shape as [number, number, number, number];
  if (inChannels !== input.shape[3]) throw unsupported(call, 'it has groups of channels.');
  const windows = slide(call, input, [height, width]);
  const kernel = addNodeConstant(
    call,
    'kernel',
    transposeConstant({ shape: filter.shape, data: floats(filter) }, [3, 2, 0, 1]),
  );
  return addConvolution(call, input, kernel, windows, outChannels);
};

const depthwiseConv2d: NodeConverter = (call) => {
  const input = requireMap(call);
  const filter = requireConstant(call, 1);
  const [height, width, channels, multiplier] = filter.shape as [number, number, number, number];
  const windows = slide(call, input, [height, width]);
  const { data } = transposeConstant({ shape: filter.shape, data: floats(filter) }, [2, 3, 0, 1]);
  const outChannels = channels * multiplier;
  const kernel = addNodeConstant(call, 'kernel', { shape: [outChannels, 1, height, width], data });
  windows.attributes.group = int(channels);
  return addConvolution(call, input, kernel, windows, outChannels);
};

function addConvolution(
  call: NodeCall,
  input: Value,
  kernel: string,
  { height, width, attributes }: Windows,
  channels: number,
): Value {
  const bias = call.inputs[2] ? requireConstant(call, 2) : null;
  const biases = bias ? [addNodeConstant(call, 'bias', { shape: [channels], data: floats(bias) })] : [];
  const name = call.graph.add('Conv', [input.name, kernel, ...biases], { name: call.node.name, attributes });
  return addFusedSteps(call, { name, shape: [null, height, width, channels] });
}

/** Returns a converter of a pool. Padding does not count in averages, in ONNX as in TensorFlow. */
function pool(opType: 'MaxPool' | 'AveragePool'): NodeConverter {
  return (call) => {
    const input = requireMap(call);
    const [, height = 1, width = 1] = readList(call, 'ksize') ?? [];
    const windows = slide(call, input, [height, width]);
    const name = call.graph.add(opType, [input.name], {
      name: call.node.name,
      attributes: windows.attributes,
    });
    return { name, shape: [null, windows.height, windows.width, input.shape[3]!] };
  };
}

/** Returns the input of an operation on feature maps of a known size. */
export function requireMap(call: NodeCall): Value {
  const input = requireValue(call, 0);
  if (input.shape.length === 4 && input.shape.slice(1).every((length) => length !== null)) return input;
  throw unsupported(call, `its input has the shape [${input.shape.join(', ')}], but must be a feature map.`);
}

function slide(call: NodeCall, { shape }: Value, size: readonly [number, number]): Windows {
  const format = readText(call, 'data_format') ?? 'NHWC';
  if (format !== 'NHWC') throw unsupported(call, `its data_format is ${format}, but must be NHWC.`);
  const padding = readText(call, 'padding');
  if (padding !== 'SAME' && padding !== 'VALID') {
    throw unsupported(call, `its padding is ${padding}, but must be SAME or VALID.`);
  }
  const [, ...strides] = readList(call, 'strides') ?? [1, 1, 1, 1];
  const [, ...dilations] = readList(call, 'dilations') ?? [1, 1, 1, 1];
  const axes = [0, 1].map((axis) => {
    const [length, stride] = [shape[axis + 1]!, strides[axis]!];
    const extent = (size[axis]! - 1) * dilations[axis]! + 1;
    if (padding === 'VALID')
      return { count: Math.floor((length - extent) / stride) + 1, before: 0, after: 0 };
    const count = Math.ceil(length / stride);
    const total = Math.max((count - 1) * stride + extent - length, 0);
    return { count, before: Math.floor(total / 2), after: Math.ceil(total / 2) };
  });
  const pads = [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)];
  return {
    height: axes[0]!.count,
    width: axes[1]!.count,
    attributes: {
      kernel_shape: ints(size),
      strides: ints(strides.slice(0, 2)),
      ...(dilations.slice(0, 2).some((dilation) => dilation !== 1) && {
        dilations: ints(dilations.slice(0, 2)),
      }),
      ...(pads.some((length) => length > 0) && { pads: ints(pads) }),
    },
  };
}

/** Converters of convolutions and pools. */
export const windowOperations: Readonly<Record<string, NodeConverter>> = {
  Conv2D: conv2d,
  _FusedConv2D: conv2d,
  DepthwiseConv2dNative: depthwiseConv2d,
  FusedDepthwiseConv2dNative: depthwiseConv2d,
  MaxPool: pool('MaxPool'),
  AvgPool: pool('AveragePool'),
};
