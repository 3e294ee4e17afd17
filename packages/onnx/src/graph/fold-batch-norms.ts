import type { GraphBuilder, GraphNode } from './graph-builder.ts';
import type { ConstantTensor } from './tensor.ts';

/**
 * Folds batch norms into the convolution or dense layer before them:
 * `γ (W x + b − μ) / √(σ² + ε) + β = (f W) x + f (b − μ) + β` with `f = γ / √(σ² + ε)` for each output channel.
 *
 * The batch norm must be the only reader of its input. A batch norm before a convolution stays: the convolution pads with
 * zeros after the norm, so it cannot absorb the shift.
 */
export function foldBatchNorms(graph: GraphBuilder): void {
  const norms = graph.nodes.filter(({ opType }) => opType === 'BatchNormalization');
  for (const norm of norms) {
    const linear = findLinearBefore(graph, norm);
    if (linear === null) continue;
    const folded = foldNorm(graph, linear, norm);
    graph.nodes = graph.nodes
      .filter(({ name }) => name !== norm.name)
      .map((node) => (node.name === linear.name ? folded : node));
    // The input of the batch norm takes its name, so that its readers need no change.
    graph.rename(norm.inputs[0]!, norm.output);
  }
}

/** Returns the convolution or matrix product whose only reader is a batch norm, possibly through a `Flatten`. */
function findLinearBefore(graph: GraphBuilder, norm: GraphNode): GraphNode | null {
  const channels = getWeights(graph, norm.inputs[1]!).data.length;
  let name = norm.inputs[0]!;
  for (;;) {
    const source = graph.nodes.find(({ output }) => output === name);
    if (source === undefined || countReaders(graph, name) !== 1) return null;
    if (source.opType === 'Conv' || source.opType === 'Gemm') {
      return countOutputChannels(graph, source) === channels ? source : null;
    }
    if (source.opType !== 'Flatten') return null;
    name = source.inputs[0]!;
  }
}

function countReaders(graph: GraphBuilder, name: string): number {
  return graph.nodes.reduce((sum, { inputs }) => sum + inputs.filter((input) => input === name).length, 0);
}

function getWeights(graph: GraphBuilder, name: string): { shape: readonly number[]; data: Float32Array } {
  const { shape, data } = graph.constants.get(name)!;
  return { shape, data: data as Float32Array };
}

function countOutputChannels(graph: GraphBuilder, { opType, inputs }: GraphNode): number {
  const { shape } = getWeights(graph, inputs[1]!);
  return opType === 'Conv' ? shape[0]! : shape[1]!;
}

function foldNorm(graph: GraphBuilder, linear: GraphNode, norm: GraphNode): GraphNode {
  const [gamma, beta, mean, variance] = norm.inputs.slice(1).map((name) => getWeights(graph, name).data);
  const epsilon = norm.attributes.epsilon!.f!;
  const factors = Float64Array.from(
    variance!,
    (value, channel) => gamma![channel]! / Math.sqrt(value + epsilon),
  );
  const [input, kernelName, biasName] = linear.inputs as [string, string, string | undefined];
  const kernel = getWeights(graph, kernelName);
  const bias = biasName === undefined ? undefined : getWeights(graph, biasName).data;
  // [out, in, height, width] of a convolution, [in, out] of a matrix product.
  const channels = factors.length;
  const perChannel = kernel.data.length / channels;
  const channelOf = (index: number) =>
    linear.opType === 'Conv' ? Math.floor(index / perChannel) : index % channels;
  const scaled: ConstantTensor = {
    shape: kernel.shape,
    data: kernel.data.map((weight, index) => weight * factors[channelOf(index)]!),
  };
  const shifted = Float32Array.from(
    factors,
    (factor, channel) => factor * ((bias?.[channel] ?? 0) - mean![channel]!) + beta![channel]!,
  );
  // These keys are unique to the pair: a shared convolution gets a kernel for each batch norm.
  const key = `${linear.name}/folded with ${norm.name}`;
  return {
    ...linear,
    inputs: [
      input,
      graph.addConstant(`${key}/kernel`, () => scaled),
      graph.addConstant(`${key}/bias`, () => ({ shape: [channels], data: shifted })),
    ],
  };
}
