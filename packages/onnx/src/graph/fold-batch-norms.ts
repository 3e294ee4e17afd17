import type { GraphBuilder, GraphNode } from './graph-builder.ts';
import type { ConstantTensor } from './tensor.ts';

/**
 * Lets convolutions and fully connected layers do the work of the batch norms that follow them:
 * `γ (W x + b − μ) / √(σ² + ε) + β = (f W) x + f (b − μ) + β` with `f = γ / √(σ² + ε)` for each output channel.
 *
 * Only where nobody else reads what comes before the batch norm. Batch norms that come first in their block stay: a
 * convolution with zeros around its input cannot do their work.
 */
export function foldBatchNorms(graph: GraphBuilder): void {
  const norms = graph.nodes.filter(({ opType }) => opType === 'BatchNormalization');
  for (const norm of norms) {
    const linear = linearBefore(graph, norm);
    if (linear === null) continue;
    const folded = withNorm(graph, linear, norm);
    graph.nodes = graph.nodes
      .filter(({ name }) => name !== norm.name)
      .map((node) => (node.name === linear.name ? folded : node));
    // Whatever read the batch norm reads what came before it, now under the batch norm's name.
    graph.rename(norm.inputs[0]!, norm.output);
  }
}

/** The convolution or matrix product of which a batch norm is the only reader, also through a `Flatten` of one pixel. */
function linearBefore(graph: GraphBuilder, norm: GraphNode): GraphNode | null {
  const channels = weightsOf(graph, norm.inputs[1]!).data.length;
  let name = norm.inputs[0]!;
  for (;;) {
    const source = graph.nodes.find(({ output }) => output === name);
    if (source === undefined || readers(graph, name) !== 1) return null;
    if (source.opType === 'Conv' || source.opType === 'Gemm') {
      return outputChannels(graph, source) === channels ? source : null;
    }
    if (source.opType !== 'Flatten') return null;
    name = source.inputs[0]!;
  }
}

function readers(graph: GraphBuilder, name: string): number {
  return graph.nodes.reduce((sum, { inputs }) => sum + inputs.filter((input) => input === name).length, 0);
}

function weightsOf(graph: GraphBuilder, name: string): { shape: readonly number[]; data: Float32Array } {
  const { shape, data } = graph.constants.get(name)!;
  return { shape, data: data as Float32Array };
}

function outputChannels(graph: GraphBuilder, { opType, inputs }: GraphNode): number {
  const { shape } = weightsOf(graph, inputs[1]!);
  return opType === 'Conv' ? shape[0]! : shape[1]!;
}

function withNorm(graph: GraphBuilder, linear: GraphNode, norm: GraphNode): GraphNode {
  const [gamma, beta, mean, variance] = norm.inputs.slice(1).map((name) => weightsOf(graph, name).data);
  const epsilon = norm.attributes.epsilon!.f!;
  const factors = Float64Array.from(
    variance!,
    (value, channel) => gamma![channel]! / Math.sqrt(value + epsilon),
  );
  const [input, kernelName, biasName] = linear.inputs as [string, string, string | undefined];
  const kernel = weightsOf(graph, kernelName);
  const bias = biasName === undefined ? undefined : weightsOf(graph, biasName).data;
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
  // Keys that no layer has: a shared convolution gets a kernel for each batch norm.
  const key = `${linear.name}/folded with ${norm.name}`;
  return {
    ...linear,
    inputs: [
      input,
      graph.constant(`${key}/kernel`, () => scaled),
      graph.constant(`${key}/bias`, () => ({ shape: [channels], data: shifted })),
    ],
  };
}
