import type { NetworkBackbone } from '@openset/backbones';
import type { GraphBackboneConfig } from './graph-options.ts';
import type { GraphNode } from './graph-topology.ts';

/** A constant of a graph: its `shape`, and its `values`, row-major. */
export interface ConstantValues {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** A graph model with its weights as plain numbers, which other runtimes can be given. */
export interface ReadGraph
  extends Pick<GraphBackboneConfig, 'name' | 'output' | 'inputShape' | 'inputRange'> {
  /** Operations, inputs and constants; each of these has its values in `constants`. */
  readonly nodes: readonly GraphNode[];
  /** Constants by the name of their node. */
  readonly constants: ReadonlyMap<string, ConstantValues>;
  /** Number of values of the output of one image. */
  readonly outputSize: number;
  /** Layers after the output, for images `[batch, 1, 1, outputSize]`; null if there are none. */
  readonly head: NetworkBackbone['model'] | null;
}
