import { float } from '../graph/attributes.ts';
import { type ConstantTensor, scalar, transposeConstant } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { addClip, addRelu } from './fused-steps.ts';
import type { GraphConstant } from './graph-network.ts';
import {
  addNodeConstant,
  floats,
  isConstant,
  type NodeCall,
  type NodeConverter,
  readNumber,
  requireConstant,
  requireValue,
  unsupported,
} from './node-call.ts';

/** Returns a converter of an operation with two inputs, of which one may be a constant. */
function binary(opType: string): NodeConverter {
  return (call) => {
    const value = call.inputs.find((operand): operand is Value => !isConstant(operand));
    if (!value || call.inputs.length !== 2) throw unsupported(call, 'it has no two inputs.');
    const names = call.inputs.map((operand, index) => {
      if (isConstant(operand))
        return addNodeConstant(call, `constant${index}`, broadcast(call, operand, value));
      const isSame = operand.shape.join() === value.shape.join();
      if (!isSame) throw unsupported(call, `it broadcasts [${operand.shape}] to [${value.shape}].`);
      return operand.name;
    });
    return { name: call.graph.add(opType, names, { name: call.node.name }), shape: value.shape };
  };
}

/** Returns a constant in the layout of a value that it is broadcast to. */
function broadcast(call: NodeCall, constant: GraphConstant, { shape }: Value): ConstantTensor {
  const data = floats(constant);
  if (data.length === 1) return scalar(data[0]!);
  if (constant.shape.length > shape.length) {
    throw unsupported(call, `it broadcasts [${shape}] to [${constant.shape}].`);
  }
  const missing = shape.length - constant.shape.length;
  const full = [...new Array<number>(missing).fill(1), ...constant.shape];
  const fits = full.every((length, axis) => length === 1 || length === shape[axis]);
  if (!fits) throw unsupported(call, `it broadcasts [${shape}] to [${constant.shape}].`);
  if (shape.length !== 4) return { shape: full, data };
  // Without the axis of the batch, whose length is 1: onnxruntime fuses factors and offsets of this shape.
  const { shape: channelsFirst, data: moved } = transposeConstant({ shape: full, data }, [0, 3, 1, 2]);
  return { shape: channelsFirst.slice(1), data: moved };
}

/** Returns a converter of a function of one number. */
function unary(opType: string): NodeConverter {
  return (call) => {
    const input = requireValue(call, 0);
    return { ...input, name: call.graph.add(opType, [input.name], { name: call.node.name }) };
  };
}

const prelu: NodeConverter = (call) => {
  const input = requireValue(call, 0);
  const slope = addNodeConstant(call, 'slope', broadcast(call, requireConstant(call, 1), input));
  return { ...input, name: call.graph.add('PRelu', [input.name, slope], { name: call.node.name }) };
};

const leakyRelu: NodeConverter = (call) => {
  const input = requireValue(call, 0);
  const attributes = { alpha: float(readNumber(call, 'alpha', 0.2)) };
  return { ...input, name: call.graph.add('LeakyRelu', [input.name], { name: call.node.name, attributes }) };
};

const batchNorm: NodeConverter = (call) => {
  const input = requireValue(call, 0);
  const names = ['scale', 'offset', 'mean', 'variance'].map((part, index) => {
    const constant = requireConstant(call, index + 1);
    return addNodeConstant(call, part, { shape: constant.shape, data: floats(constant) });
  });
  const attributes = { epsilon: float(readNumber(call, 'epsilon', 1e-3)) };
  const name = call.graph.add('BatchNormalization', [input.name, ...names], {
    name: call.node.name,
    attributes,
  });
  return { ...input, name };
};

const identity: NodeConverter = (call) => requireValue(call, 0);

/** Converters of operations on single numbers. */
export const elementwiseOperations: Readonly<Record<string, NodeConverter>> = {
  Add: binary('Add'),
  AddV2: binary('Add'),
  BiasAdd: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div'),
  RealDiv: binary('Div'),
  Minimum: binary('Min'),
  Maximum: binary('Max'),
  Relu: (call) => addRelu(call, requireValue(call, 0)),
  Relu6: (call) => addClip(call, requireValue(call, 0), 0, 6),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Elu: unary('Elu'),
  Prelu: prelu,
  LeakyRelu: leakyRelu,
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  Identity: identity,
};
