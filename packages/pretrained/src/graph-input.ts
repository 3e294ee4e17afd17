import type { GraphFiles } from './graph-model.ts';
import { findInput, inputShapeOf, pruneNodes } from './graph-topology.ts';

/** The images that a graph model takes: `height` and `width` in pixels, and the number of `channels`; null for a size that it leaves open. */
export interface GraphInput {
  readonly height: number | null;
  readonly width: number | null;
  readonly channels: number | null;
}

/**
 * Returns the size of the images that an output of a graph model depends on.
 * @throws ConfigError if there is no such node, or if it depends on more than one input; DataError for a damaged graph
 */
export function describeGraphInput(
  { modelTopology }: Pick<GraphFiles, 'modelTopology'>,
  output: string,
): GraphInput {
  const [height, width, channels] = inputShapeOf(findInput(pruneNodes(modelTopology as object, output)));
  return { height: height ?? null, width: width ?? null, channels: channels ?? null };
}
