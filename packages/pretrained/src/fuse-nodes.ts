import { type GraphNode, inputsOf } from './graph-topology.ts';

/** A filter whose output channels are multiplied by constant factors. */
export interface ScaledFilter {
  /** Name of the product, which the fused node reads. */
  readonly name: string;
  readonly filter: string;
  readonly factors: string;
  /** Whether the filter is that of a depthwise convolution, `[height, width, channels, multiplier]`. */
  readonly isDepthwise: boolean;
}

/** A graph with fused convolutions. */
export interface FusedNodes {
  readonly nodes: readonly GraphNode[];
  /** Weights that the fused nodes read and the graph lacks. */
  readonly scaledFilters: readonly ScaledFilter[];
}

/** What `fuseNodes` needs to know of constants. */
export interface ConstantReader {
  /** Returns the shape of a constant; undefined for other nodes. */
  shape(name: string): readonly number[] | undefined;
  /** Returns the value of a constant with one element. */
  scalar(name: string): number;
}

const fusedOperations: Readonly<Record<string, string>> = {
  Conv2D: '_FusedConv2D',
  DepthwiseConv2dNative: 'FusedDepthwiseConv2dNative',
};

/**
 * Fuses each convolution with what follows it: factors, a bias, and ReLU, or ReLU6 written as a limit to [0, 6]. The result
 * differs from that of the graph by rounding, and needs one pass over the values in place of five. Networks converted from Keras
 * have such chains.
 *
 * @param output node whose name and value stay
 */
export function fuseNodes(
  nodes: readonly GraphNode[],
  output: string,
  constants: ConstantReader,
): FusedNodes {
  const readers = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const name of inputsOf(node)) readers.set(name, [...(readers.get(name) ?? []), node]);
  }
  const replaced = new Map<string, GraphNode>();
  const dropped = new Set<string>();
  const scaledFilters: ScaledFilter[] = [];
  for (const node of nodes) {
    if (!(node.op in fusedOperations)) continue;
    const chain = chainAfter(node, output, readers, constants);
    if (chain?.bias === undefined) continue;
    const filter = inputsOf(node)[1]!;
    let fusedFilter = filter;
    if (chain.factors !== undefined) {
      const isDepthwise = node.op === 'DepthwiseConv2dNative';
      fusedFilter = `${node.name}/scaled_filter`;
      scaledFilters.push({ name: fusedFilter, filter, factors: chain.factors, isDepthwise });
    }
    const inputs = [node.input![0]!, fusedFilter, chain.bias];
    for (const { name } of chain.nodes) dropped.add(name);
    const last = chain.nodes.at(-1)!;
    replaced.set(last.name, fusedNode(node, last.name, inputs, chain.activation));
  }
  const added = scaledFilters.map(({ name }) => ({ name, op: 'Const' }));
  const kept = nodes.flatMap((node) => replaced.get(node.name) ?? (dropped.has(node.name) ? [] : [node]));
  return { nodes: [...added, ...kept], scaledFilters };
}

/** The operations that a convolution is fused with. */
interface Chain {
  /** The convolution and the operations. */
  readonly nodes: readonly GraphNode[];
  readonly factors?: string;
  readonly bias?: string;
  readonly activation?: 'Relu' | 'Relu6';
}

/** Follows a convolution while one node reads the value, and can be fused. */
function chainAfter(
  convolution: GraphNode,
  output: string,
  readers: ReadonlyMap<string, readonly GraphNode[]>,
  constants: ConstantReader,
): Chain | null {
  const filter = constants.shape(inputsOf(convolution)[1]!);
  if (filter?.length !== 4) return null;
  const [, , inChannels, last] = filter as [number, number, number, number];
  const channels = convolution.op === 'Conv2D' ? last : inChannels * last;
  let chain: Chain = { nodes: [convolution] };
  for (;;) {
    const end = chain.nodes.at(-1)!;
    const [next, ...others] = readers.get(end.name) ?? [];
    if (end.name === output || !next || others.length > 0) return chain;
    const extended = extendChain(chain, next, channels, constants);
    if (!extended) return chain;
    chain = { ...extended, nodes: [...chain.nodes, next] };
  }
}

/** Returns the chain with the effect of an operation; null if this cannot be fused. */
function extendChain(
  chain: Chain,
  next: GraphNode,
  channels: number,
  constants: ConstantReader,
): Chain | null {
  const end = chain.nodes.at(-1)!.name;
  const inputs = inputsOf(next);
  const { factors, bias, activation } = chain;
  const isBare = bias === undefined && activation === undefined;
  if (next.op === 'Relu' || next.op === 'Relu6') {
    return bias !== undefined && activation === undefined ? { ...chain, activation: next.op } : null;
  }
  const constant = inputs.find((name) => name !== end);
  if (inputs.length !== 2 || constant === undefined) return null;
  const shape = constants.shape(constant);
  if (!shape) return null;
  const isVector = shape.length === 1 && shape[0] === channels;
  switch (next.op) {
    case 'Mul':
      return isBare && factors === undefined && isVector ? { ...chain, factors: constant } : null;
    case 'Add':
    case 'AddV2':
    case 'BiasAdd':
      return isBare && isVector ? { ...chain, bias: constant } : null;
    case 'Minimum':
      if (activation !== 'Relu' || !isScalar(shape) || constants.scalar(constant) !== 6) return null;
      return { ...chain, activation: 'Relu6' };
    case 'Maximum':
      // Activations are not negative.
      return activation !== undefined && isScalar(shape) && constants.scalar(constant) <= 0 ? chain : null;
    default:
      return null;
  }
}

function isScalar(shape: readonly number[]): boolean {
  return shape.length === 0;
}

function fusedNode(
  { op, attr }: GraphNode,
  name: string,
  input: readonly string[],
  activation: Chain['activation'],
): GraphNode {
  const words = ['BiasAdd', ...(activation ? [activation] : [])].map((word) => btoa(word));
  const fused = { fused_ops: { list: { s: words } }, num_args: { i: '1' } };
  return { name, op: fusedOperations[op]!, input, attr: { ...attr, ...fused } };
}
