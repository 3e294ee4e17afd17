import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { type FusedNodes, fuseNodes, type ScaledFilter } from './fuse-nodes.ts';
import { emptyGraphModel } from './graph-model.ts';
import { type GraphTopology, pruneNodes } from './graph-topology.ts';

/** Which part of a graph runs. */
export interface PartOptions {
  /** Node whose value is given. */
  readonly from: string;
  /** Node whose value is returned. */
  readonly to: string;
  /** Whether convolutions are fused with what follows them, which needs weights that do not change. */
  readonly isFused: boolean;
}

/** The part of a graph between two nodes, on the active backend. The caller owns the weights. */
export class GraphPart {
  private readonly model: GraphModel;
  private readonly options: PartOptions;
  private readonly borrowed: readonly string[];

  constructor(topology: GraphTopology, weights: tf.NamedTensorMap, options: PartOptions) {
    const { constants } = topology;
    const { nodes, scaledFilters } = options.isFused
      ? fuseGraph(topology, weights, options.to)
      : { nodes: topology.nodes, scaledFilters: [] };
    this.options = options;
    this.model = emptyGraphModel({ node: nodes, versions: { producer: 0, minConsumer: 0 } });
    for (const [name, { values, shape, dtype }] of Object.entries(constants)) {
      this.model.weights[name] = [tf.keep(tf.tensor([...values], [...shape], dtype))];
    }
    for (const scaled of scaledFilters) this.model.weights[scaled.name] = [scaleFilter(scaled, weights)];
    for (const [name, weight] of Object.entries<tf.Tensor>(weights)) this.model.weights[name] = [weight];
    this.borrowed = Object.keys(weights);
  }

  /** Runs the part. @throws Error of tfjs if the graph has operations that it cannot run */
  run(value: tf.Tensor): tf.Tensor {
    const { from, to } = this.options;
    const output = this.model.execute({ [from]: value }, to);
    return Array.isArray(output) ? output[0]! : output;
  }

  /** Frees what the part owns, not the weights. */
  dispose(): void {
    for (const name of this.borrowed) delete this.model.weights[name];
    this.model.dispose();
  }
}

/** Fuses the convolutions of a graph up to a node with what follows them, as its constants allow. */
export function fuseGraph(
  { nodes, constants }: GraphTopology,
  weights: tf.NamedTensorMap,
  to: string,
): FusedNodes {
  return fuseNodes(pruneNodes({ node: nodes }, to), to, {
    shape: (name) => weights[name]?.shape ?? constants[name]?.shape,
    scalar: (name) => weights[name]?.dataSync()[0] ?? constants[name]!.values[0]!,
  });
}

/** Returns a filter times its factors. The caller disposes of it. */
export function scaleFilter(
  { filter, factors, isDepthwise }: ScaledFilter,
  weights: tf.NamedTensorMap,
): tf.Tensor {
  const { shape } = weights[filter]!;
  return tf.keep(
    tf.tidy(() => {
      // The channels of a depthwise convolution are the last two axes of its filter.
      const columns = isDepthwise ? shape.slice(2) : shape.slice(3);
      return tf.mul(weights[filter]!, tf.reshape(weights[factors]!, columns));
    }),
  );
}
