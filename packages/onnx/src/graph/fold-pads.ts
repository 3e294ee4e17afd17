import { ints } from './attributes.ts';
import type { GraphBuilder } from './graph-builder.ts';

/**
 * Folds each `Pad` into the convolution after it. The numbers are the same, and every runtime is fast with this form. The
 * convolution must be the only reader and have no padding of its own.
 */
export function foldPads(graph: GraphBuilder): void {
  for (const pad of graph.nodes.filter(({ opType }) => opType === 'Pad')) {
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(pad.output));
    const [reader] = readers;
    if (readers.length !== 1 || reader?.opType !== 'Conv') continue;
    if ('pads' in reader.attributes || 'auto_pad' in reader.attributes) continue;
    // Zeros before [batch, channels, height, width], then after. A convolution pads height and width only.
    const lengths = Array.from(graph.constants.get(pad.inputs[1]!)!.data, Number);
    if ([0, 1, 4, 5].some((axis) => lengths[axis] !== 0)) continue;
    const pads = ints([lengths[2]!, lengths[3]!, lengths[6]!, lengths[7]!]);
    const inputs = [pad.inputs[0]!, ...reader.inputs.slice(1)];
    graph.nodes = graph.nodes
      .filter(({ name }) => name !== pad.name)
      .map((node) =>
        node.name === reader.name ? { ...node, inputs, attributes: { ...node.attributes, pads } } : node,
      );
  }
}
