import { DataError } from '@openset/core';
import type { ReadModelFile } from '@openset/pretrained';

interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: { readonly shape?: { readonly shape?: { readonly dim?: { size: string }[] } } };
}

/** Returns a reader of the same model with inputs of any batch, height and width, and the names of its last convolutions. */
export async function withFlexibleInput(file: string, read: ReadModelFile) {
  const json = JSON.parse(new TextDecoder().decode(await read(file)));
  const nodes: readonly GraphNode[] = json.modelTopology?.node ?? [];
  const byName = new Map(nodes.map((node) => [node.name, node]));
  for (const { op, attr } of nodes) {
    if (op !== 'Placeholder') continue;
    for (const dim of attr?.shape?.shape?.dim?.slice(0, 3) ?? []) dim.size = '-1';
  }
  const convolutions: string[] = [];
  for (const { op, input } of nodes) {
    const reshape = op === 'Identity' ? byName.get(input?.[0] ?? '') : undefined;
    if (reshape?.op === 'Reshape') convolutions.push(reshape.input![0]!);
  }
  if (convolutions.length !== 4) {
    throw new DataError(
      `'${file}' is not the detector network that openset knows: ${convolutions.length} of its outputs are reshaped ` +
        'convolutions, where 4 are expected. Install the version of @vladmandic/human that @openset/faces names.',
    );
  }
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  return {
    read: (async (path) => (path === file ? bytes : read(path))) satisfies ReadModelFile,
    convolutions,
  };
}
