import { scalar } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { type NodeCall, unsupported } from './node-call.ts';

/** Adds what a fused operation does after its bias: nothing, ReLU or ReLU6. */
export function addFusedSteps(call: NodeCall, value: Value): Value {
  const { list } = (call.node.attr?.fused_ops ?? {}) as { list?: { s?: readonly string[] } };
  const words = (list?.s ?? []).map((word) => atob(word));
  const [activation, ...more] = words.filter((word) => word !== 'BiasAdd');
  if (activation === undefined) return value;
  if (activation === 'Relu' && more.length === 0) return addRelu(call, value);
  if (activation === 'Relu6' && more.length === 0) return addClip(call, value, 0, 6);
  throw unsupported(call, `it is fused with ${[activation, ...more].join(', ')}.`);
}

/** Adds `max(x, 0)`. */
export function addRelu({ graph, node }: NodeCall, { name, shape }: Value): Value {
  return { name: graph.add('Relu', [name], { name: `${node.name}/relu` }), shape };
}

/** Adds a limit to a range. */
export function addClip({ graph, node }: NodeCall, { name, shape }: Value, low: number, high: number): Value {
  const limits = [low, high].map((limit) => graph.addConstant(`limit ${limit}`, () => scalar(limit)));
  return { name: graph.add('Clip', [name, ...limits], { name: `${node.name}/limited` }), shape };
}
