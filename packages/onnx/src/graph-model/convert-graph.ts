import { DataError } from '@openset/core';
import { UnsupportedOperationError } from '../errors.ts';
import type { GraphBuilder } from '../graph/graph-builder.ts';
import { scalar } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { elementwiseOperations } from './elementwise.ts';
import type { GraphModelNode, GraphNetwork } from './graph-network.ts';
import type { NodeConverter, Operand } from './node-call.ts';
import { shapeOperations } from './shapes.ts';
import { windowOperations } from './windows.ts';

const converters = new Map<string, NodeConverter>(
  Object.entries({ ...windowOperations, ...elementwiseOperations, ...shapeOperations }),
);

/** Operations of tfjs graph models that can be exported. */
export const supportedOperations: readonly string[] = [...converters.keys()].sort();

/**
 * Adds the nodes of a graph model to a graph and returns the output.
 * @param images in [−1, 1]
 * @throws UnsupportedOperationError for the first operation without counterpart; DataError for a damaged graph
 */
export function convertGraph(
  graph: GraphBuilder,
  { nodes, constants, output, inputRange }: GraphNetwork,
  images: Value,
): Value {
  const values = new Map<string, Operand>(constants);
  const scaled = scaleRange(graph, images, inputRange);
  for (const node of sortNodes(nodes, output)) {
    if (node.op === 'Placeholder') values.set(node.name, scaled);
    if (values.has(node.name)) continue;
    const convert = converters.get(node.op);
    if (!convert)
      throw new UnsupportedOperationError(node, `supported are ${supportedOperations.join(', ')}.`);
    const inputs = inputsOf(node).map((name) => values.get(name)!);
    values.set(node.name, convert({ graph, node, inputs }));
  }
  return values.get(output) as Value;
}

/** Maps [−1, 1] to the range of a graph. */
function scaleRange(graph: GraphBuilder, images: Value, [black, white]: GraphNetwork['inputRange']): Value {
  if (black === -1 && white === 1) return images;
  const factor = graph.addConstant('range/factor', () => scalar((white - black) / 2));
  const offset = graph.addConstant('range/offset', () => scalar((white + black) / 2));
  const product = graph.add('Mul', [images.name, factor], { name: 'range/scaled' });
  return { ...images, name: graph.add('Add', [product, offset], { name: 'range/shifted' }) };
}

/** Returns the names of the values that a node reads. */
function inputsOf({ input = [] }: GraphModelNode): string[] {
  return input.filter((name) => !name.startsWith('^')).map((name) => name.replace(/:\d+$/, ''));
}

/** Returns the nodes that an output depends on, each after its inputs. Iterative: networks are deep. */
function sortNodes(nodes: readonly GraphModelNode[], output: string): GraphModelNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const ordered = new Map<string, GraphModelNode>();
  const open = [output];
  for (let name = open.at(-1); name !== undefined; name = open.at(-1)) {
    const node = byName.get(name);
    if (!node) throw new DataError(`The graph model is damaged: it lacks the node '${name}'.`);
    const missing = ordered.has(name) ? [] : inputsOf(node).filter((input) => !ordered.has(input));
    if (missing.length > 0) {
      if (open.length > nodes.length * nodes.length)
        throw new DataError(`The graph model is damaged: '${name}' depends on itself.`);
      open.push(...missing);
      continue;
    }
    ordered.set(name, node);
    open.pop();
  }
  return [...ordered.values()];
}
