import { int } from '../graph/attributes.ts';
import { wholeNumbers } from '../graph/tensor.ts';
import { addReshape, graphAxis, isLayoutInvariant, toTfjsLayout, type Value } from '../graph/value.ts';
import { addFusedSteps } from './fused-steps.ts';
import {
  addNodeConstant,
  floats,
  isConstant,
  type NodeCall,
  type NodeConverter,
  readFlag,
  readList,
  requireConstant,
  requireValue,
  unsupported,
} from './node-call.ts';
import { requireMap } from './windows.ts';

const pad: NodeConverter = (call) => {
  const input = requireMap(call);
  const widths = Array.from(requireConstant(call, 1).values, Number);
  const before = [0, 1, 2, 3].map((axis) => widths[2 * axis]!);
  const after = [0, 1, 2, 3].map((axis) => widths[2 * axis + 1]!);
  if (before[0] || after[0]) throw unsupported(call, 'it pads the batch.');
  const channelsFirst = (lengths: readonly number[]) => [0, 3, 1, 2].map((axis) => lengths[axis]!);
  const pads = addNodeConstant(
    call,
    'widths',
    wholeNumbers([...channelsFirst(before), ...channelsFirst(after)]),
  );
  const shape = input.shape.map((length, axis) => length && length + before[axis]! + after[axis]!);
  return { name: call.graph.add('Pad', [input.name, pads], { name: call.node.name }), shape };
};

/** Means over height and width. */
const mean: NodeConverter = (call) => {
  const input = requireMap(call);
  const axes = Array.from(requireConstant(call, 1).values, (axis) => (Number(axis) + 4) % 4).sort();
  if (axes.join() !== '1,2') throw unsupported(call, `it has the axes ${axes}, but must have 1 and 2.`);
  const channels = input.shape[3]!;
  const name = call.graph.add('GlobalAveragePool', [input.name], { name: call.node.name });
  const map: Value = { name, shape: [null, 1, 1, channels] };
  return readFlag(call, 'keep_dims') ? map : flatten(call, map);
};

const matMul: NodeConverter = (call) => {
  const input = requireValue(call, 0);
  const weight = requireConstant(call, 1);
  if (input.shape.length !== 2 || weight.shape.length !== 2 || readFlag(call, 'transpose_a')) {
    throw unsupported(call, 'it is no product of rows and a matrix of weights.');
  }
  const isTransposed = readFlag(call, 'transpose_b');
  const size = weight.shape[isTransposed ? 0 : 1]!;
  const matrix = addNodeConstant(call, 'matrix', { shape: weight.shape, data: floats(weight) });
  const bias = call.inputs[2] ? requireConstant(call, 2) : null;
  const biases = bias ? [addNodeConstant(call, 'bias', { shape: [size], data: floats(bias) })] : [];
  const name = call.graph.add('Gemm', [input.name, matrix, ...biases], {
    name: call.node.name,
    attributes: isTransposed ? { transB: int(1) } : {},
  });
  return addFusedSteps(call, { name, shape: [null, size] });
};

/** Reshapes that keep the batch. */
const reshape: NodeConverter = (call) => {
  const input = requireValue(call, 0);
  const [batch, ...target] = Array.from(requireConstant(call, 1).values, Number);
  const known = target.filter((length) => length !== -1);
  const size = product(input.shape.slice(1) as number[]);
  const isBatchFirst = batch === -1 ? known.length === target.length && product(known) === size : batch === 0;
  if (!isBatchFirst || target.length === 0) {
    throw unsupported(
      call,
      `it reshapes to [${[batch, ...target]}], but must keep the batch as the first axis.`,
    );
  }
  const lengths = target.map((length) => (length === -1 ? size / product(known) : length));
  return reshapeTo(call, input, lengths);
};

const squeeze: NodeConverter = (call) => {
  const input = requireValue(call, 0);
  const rank = input.shape.length;
  const dims = readList(call, 'squeeze_dims') ?? readList(call, 'axis') ?? [];
  const removed = dims.map((axis) => (axis + rank) % rank);
  if (removed.length === 0 || removed.includes(0)) throw unsupported(call, 'it may remove the batch.');
  return reshapeTo(
    call,
    input,
    input.shape.filter((_, axis) => axis > 0 && !removed.includes(axis)) as number[],
  );
};

const concat: NodeConverter = (call) => {
  const values = call.inputs.slice(0, -1).map((_, index) => requireValue(call, index));
  const axis = Number(requireConstant(call, call.inputs.length - 1).values[0]);
  const [first] = values;
  const place = axis < 0 ? axis + (first?.shape.length ?? 0) : axis;
  if (!first || place === 0) throw unsupported(call, 'it joins batches.');
  const name = call.graph.add(
    'Concat',
    values.map((value) => value.name),
    { name: call.node.name, attributes: { axis: int(graphAxis(first, place)) } },
  );
  const length = values.reduce((sum, { shape }) => sum + shape[place]!, 0);
  return { name, shape: first.shape.map((own, index) => (index === place ? length : own)) };
};

function flatten(call: NodeCall, value: Value): Value {
  return reshapeTo(call, value, [product(value.shape.slice(1) as number[])]);
}

function reshapeTo(call: NodeCall, input: Value, lengths: readonly number[]): Value {
  const shape = [null, ...lengths];
  const { name } = toTfjsLayout(call.graph, input, `${call.node.name}/channels_last`);
  if (shape.length === 4 && !isLayoutInvariant(shape)) throw unsupported(call, 'it makes another map.');
  // Maps are channels first.
  const target = shape.length === 4 ? [lengths[2]!, lengths[0]!, lengths[1]!] : lengths;
  return { name: addReshape(call.graph, name, target, `${call.node.name}/rows`), shape };
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total * length, 1);
}

/** Converters of operations that change shapes, and of matrix products. */
export const shapeOperations: Readonly<Record<string, NodeConverter>> = {
  Pad: pad,
  PadV2: (call) => {
    const value = call.inputs[2];
    if (value && isConstant(value) && value.values[0] === 0) return pad(call);
    throw unsupported(call, 'it pads with other values than 0.');
  },
  Mean: mean,
  MatMul: matMul,
  _FusedMatMul: matMul,
  Reshape: reshape,
  Squeeze: squeeze,
  ConcatV2: concat,
};
