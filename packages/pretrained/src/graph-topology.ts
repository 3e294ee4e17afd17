import { ConfigError, DataError, didYouMean } from '@openset/core';
import type * as tf from '@tensorflow/tfjs-core';

/** One operation, weight or input of a tfjs graph model. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Names of nodes, which may begin with `^` (order only) and end with `:` and the number of an output. */
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, unknown>>;
}

/** A constant that is not a weight, such as an axis. */
export interface GraphConstant {
  readonly shape: readonly number[];
  readonly dtype: 'int32' | 'bool';
  readonly values: readonly number[];
}

/** A graph from one input to one output, as plain JSON, without its weights. */
export interface GraphTopology {
  readonly nodes: readonly GraphNode[];
  readonly constants: Readonly<Record<string, GraphConstant>>;
}

/**
 * Returns the nodes that an output depends on.
 * @param modelTopology `modelTopology` of a tfjs graph model
 * @throws DataError if this is no topology, or if a node is missing; ConfigError if there is no such output
 */
export function pruneNodes(modelTopology: object, output: string): GraphNode[] {
  const all = (modelTopology as { node?: unknown }).node;
  if (!Array.isArray(all))
    throw new DataError('This is no tfjs graph model: its topology has no list of nodes.');
  const byName = new Map((all as GraphNode[]).map((node) => [node.name, node]));
  if (!byName.has(output)) {
    const names = [...byName.values()].filter(({ op }) => op !== 'Const').map(({ name }) => name);
    const last = names.slice(-5).join(', ');
    throw new ConfigError(
      `The graph model has no node '${output}'.${didYouMean(output, names)} Its last nodes are ${last}.`,
    );
  }
  const kept = new Set<string>();
  const open = [output];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (kept.has(name)) continue;
    const node = byName.get(name);
    if (!node) throw new DataError(`The graph model is damaged: it lacks the node '${name}'.`);
    kept.add(name);
    open.push(...inputsOf(node));
  }
  return (all as GraphNode[]).filter(({ name }) => kept.has(name)).map(withoutValue);
}

/** Removes what a constant node repeats of its weight. */
function withoutValue(node: GraphNode): GraphNode {
  const { dtype } = node.attr ?? {};
  return node.op === 'Const' ? { name: node.name, op: node.op, ...(dtype ? { attr: { dtype } } : {}) } : node;
}

/** Returns the names of the nodes that a node reads. */
export function inputsOf({ input = [] }: GraphNode): string[] {
  return input.map((name) => name.replace(/^\^/, '').replace(/:\d+$/, ''));
}

/**
 * Returns the node of the images.
 * @throws ConfigError unless there is exactly one input
 */
export function findInput(nodes: readonly GraphNode[]): GraphNode {
  const inputs = nodes.filter(({ op }) => op === 'Placeholder');
  if (inputs.length === 1) return inputs[0]!;
  const names = inputs.map(({ name }) => name).join(', ');
  throw new ConfigError(
    `The output depends on ${inputs.length} inputs${names && ` (${names})`}, but a backbone has one, the images.`,
  );
}

/** Returns height, width and channels of the input; null for a size that the graph leaves open, or does not give. */
export function inputShapeOf(input: GraphNode): readonly (number | null)[] {
  const { shape } = (input.attr?.shape ?? {}) as { shape?: { dim?: readonly { size?: string | number }[] } };
  const sizes = shape?.dim?.map(({ size }) => Number(size ?? -1)) ?? [];
  return [1, 2, 3].map((axis) => (sizes.length === 4 && sizes[axis]! > 0 ? sizes[axis]! : null));
}

/** A graph in the order of its execution. */
export interface GraphPlan {
  /** Nodes that depend on the images, in an order in which every node follows its inputs. */
  readonly order: readonly GraphNode[];
  /** Nodes that divide the graph into stages: all paths from the images to the output pass through them. */
  readonly cuts: readonly string[];
  /** For each weight that can be trained, the stage that reads it, from 0; in the order of execution. */
  readonly stageOfWeight: ReadonlyMap<string, number>;
}

/** Operations with a kernel. */
const weightedOperations = new Set([
  'Conv2D',
  '_FusedConv2D',
  'DepthwiseConv2dNative',
  'FusedDepthwiseConv2dNative',
  'MatMul',
  '_FusedMatMul',
]);

/** Other operations whose constant vectors are weights: offsets, scales, slopes. */
const vectorOperations = new Set(['Add', 'AddV2', 'BiasAdd', 'Sub', 'Mul', 'Prelu']);

/** Operations that lower the resolution if their stride is above 1. */
const stridedOperations = new Set([
  'Conv2D',
  '_FusedConv2D',
  'DepthwiseConv2dNative',
  'FusedDepthwiseConv2dNative',
  'MaxPool',
  'AvgPool',
]);

/**
 * Divides a graph into stages. A stage ends before each operation that lowers the resolution, at the nearest node that all
 * paths pass through; the first stage has a kernel, and each further one.
 *
 * Weights that can be trained are the kernels, offsets, scales and slopes that operations read directly. Scalars, the
 * statistics of batch norms, and constants before the first kernel are not: they are limits and scalings of pixels.
 */
export function planGraph(
  nodes: readonly GraphNode[],
  output: string,
  weights: tf.NamedTensorMap,
): GraphPlan {
  const order = orderNodes(nodes, output);
  const position = new Map(order.map(({ name }, index) => [name, index]));
  const isCut = findCuts(order, position);
  const firstKernel = order.findIndex(({ op }) => weightedOperations.has(op));
  const cuts: number[] = [];
  for (const [index, node] of order.entries()) {
    if (!lowersResolution(node)) continue;
    let cut = index - 1;
    while (cut > 0 && !isCut[cut]) cut--;
    const hasKernel = order
      .slice((cuts.at(-1) ?? 0) + 1, cut + 1)
      .some(({ op }) => weightedOperations.has(op));
    if (hasKernel) cuts.push(cut);
  }
  const stageOfWeight = new Map<string, number>();
  for (const [index, node] of order.entries()) {
    if (firstKernel < 0 || index < firstKernel) continue;
    const stage = cuts.filter((cut) => cut < index).length;
    for (const name of trainedInputs(node)) {
      const weight = weights[name];
      if (weight && weight.size > 1 && !stageOfWeight.has(name)) stageOfWeight.set(name, stage);
    }
  }
  return { order, cuts: cuts.map((cut) => order[cut]!.name), stageOfWeight };
}

/** Returns the inputs of an operation that are weights if they are constant. */
function trainedInputs(node: GraphNode): string[] {
  const inputs = inputsOf(node);
  if (weightedOperations.has(node.op) || vectorOperations.has(node.op)) return inputs;
  // x, scale, offset, mean, variance.
  return node.op.startsWith('FusedBatchNorm') ? inputs.slice(1, 3) : [];
}

/** Returns the nodes that depend on the images, each after its inputs. */
function orderNodes(nodes: readonly GraphNode[], output: string): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const dependent = new Map<string, boolean>();
  const order: GraphNode[] = [];
  const visit = (start: string) => {
    const open: { readonly name: string; readonly inputs: string[] }[] = [
      { name: start, inputs: inputsOf(byName.get(start)!) },
    ];
    while (open.length > 0) {
      const { name, inputs } = open.at(-1)!;
      const next = inputs.find((input) => !dependent.has(input));
      if (next !== undefined && !open.some((one) => one.name === next)) {
        open.push({ name: next, inputs: inputsOf(byName.get(next)!) });
        continue;
      }
      open.pop();
      const node = byName.get(name)!;
      const isDependent = node.op === 'Placeholder' || inputs.some((input) => dependent.get(input));
      dependent.set(name, isDependent);
      if (isDependent) order.push(node);
    }
  };
  visit(output);
  return order;
}

/** Returns for each node whether all paths from the images to the output pass through it: no edge skips it. */
function findCuts(order: readonly GraphNode[], position: ReadonlyMap<string, number>): boolean[] {
  let furthest = 0;
  const lastReader = order.map(() => 0);
  for (const [index, node] of order.entries()) {
    for (const input of inputsOf(node)) {
      const source = position.get(input);
      if (source !== undefined) lastReader[source] = Math.max(lastReader[source]!, index);
    }
  }
  return order.map((_, index) => {
    const isSkipped = furthest > index;
    furthest = Math.max(furthest, lastReader[index]!);
    return !isSkipped;
  });
}

function lowersResolution({ op, attr }: GraphNode): boolean {
  const { list } = (attr?.strides ?? {}) as { list?: { i?: readonly (string | number)[] } };
  return stridedOperations.has(op) && (list?.i ?? []).some((stride) => Number(stride) > 1);
}
