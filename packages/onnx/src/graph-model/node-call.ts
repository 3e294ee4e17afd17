import { UnsupportedOperationError } from '../errors.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import type { ConstantTensor } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import type { GraphConstant, GraphModelNode } from './graph-network.ts';

/** What an operation reads: a value that depends on the images, or a constant. */
export type Operand = Value | GraphConstant;

/** An operation of a graph model that is converted. */
export interface NodeCall {
  readonly graph: GraphBuilder;
  readonly node: GraphModelNode;
  readonly inputs: readonly Operand[];
}

/** Adds the nodes of an operation to the graph and returns the result. */
export type NodeConverter = (call: NodeCall) => Value;

/** Whether an operand is a constant. */
export function isConstant(operand: Operand): operand is GraphConstant {
  return 'values' in operand;
}

/** Returns an error for an operation with options that have no counterpart here. */
export function unsupported({ node }: Pick<NodeCall, 'node'>, reason: string): UnsupportedOperationError {
  return new UnsupportedOperationError(node, reason);
}

/** Returns an input that depends on the images. */
export function requireValue(call: NodeCall, index: number): Value {
  const operand = call.inputs[index];
  if (operand && !isConstant(operand)) return operand;
  throw unsupported(call, `its input ${index} is missing or a constant.`);
}

/** Returns an input that is a constant. */
export function requireConstant(call: NodeCall, index: number): GraphConstant {
  const operand = call.inputs[index];
  if (operand && isConstant(operand)) return operand;
  throw unsupported(call, `its input ${index} is missing or no constant.`);
}

/** Adds a constant of this operation and returns its name. */
export function addNodeConstant(call: NodeCall, part: string, tensor: ConstantTensor): string {
  return call.graph.addConstant(`${call.node.name}/${part}`, () => tensor);
}

/** Returns float32 values of a constant. */
export function floats({ values }: GraphConstant): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

/** Returns a list of numbers of an attribute; undefined if it is missing. */
export function readList({ node }: NodeCall, name: string): number[] | undefined {
  const { list } = (node.attr?.[name] ?? {}) as { list?: { i?: readonly (string | number)[] } };
  return list?.i?.map(Number);
}

/** Returns a string of an attribute; undefined if it is missing. */
export function readText({ node }: NodeCall, name: string): string | undefined {
  const { s } = (node.attr?.[name] ?? {}) as { s?: string };
  return s === undefined ? undefined : atob(s);
}

/** Returns a boolean of an attribute; false if it is missing. */
export function readFlag({ node }: NodeCall, name: string): boolean {
  return Boolean((node.attr?.[name] as { b?: boolean } | undefined)?.b);
}

/** Returns a number of an attribute. */
export function readNumber({ node }: NodeCall, name: string, missing: number): number {
  return Number((node.attr?.[name] as { f?: number } | undefined)?.f ?? missing);
}
