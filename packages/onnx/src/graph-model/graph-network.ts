import type { LayersModel } from '@tensorflow/tfjs-layers';

/** One operation, constant or input of a tfjs graph model. */
export interface GraphModelNode {
  /** Unique in the graph. */
  readonly name: string;
  /** Operation, such as `Conv2D`; `Const` for a constant, `Placeholder` for an input. */
  readonly op: string;
  /** Names of nodes, which may begin with `^` (order only) and end with `:` and the number of an output. */
  readonly input?: readonly string[];
  /** Attributes of the operation by name, as the JSON of the model has them. */
  readonly attr?: Readonly<Record<string, unknown>>;
}

/** A constant: its `shape`, and its `values`, row-major. */
export interface GraphConstant {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** A tfjs graph model with its weights, as `GraphBackbone.readGraph` of `@openset/pretrained` returns it. */
export interface GraphNetwork {
  /** Name of the graph in the file, such as `faceres`. */
  readonly name: string;
  /** Height, width and channels of the images. */
  readonly inputShape: readonly [height: number, width: number, channels: number];
  /** Values of black and white that the graph takes in place of −1 and 1. */
  readonly inputRange: readonly [black: number, white: number];
  /** Each node after its inputs, or in any other order. */
  readonly nodes: readonly GraphModelNode[];
  /** Constants by the name of their node. */
  readonly constants: ReadonlyMap<string, GraphConstant>;
  /** Node whose value is the output. */
  readonly output: string;
  /** Number of values of the output of one image. */
  readonly outputSize: number;
  /** Layers that follow, for images `[batch, 1, 1, outputSize]`; null if there are none. */
  readonly head: LayersModel | null;
}
