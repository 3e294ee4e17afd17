import { DataError } from '@openset/core';
import type { ReadModelFile } from '@openset/pretrained';

interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: { readonly shape?: { readonly shape?: { readonly dim?: { size: string }[] } } };
}

/**
 * Lets the detector network, which is convolutional, take inputs of any height and width.
 * @returns a reader of the model without its fixed shape, and the names of its last convolutions, whose outputs the model
 *   reshapes for inputs of that shape
 * @throws DataError if the file is no graph model, or another one
 */
export async function withFlexibleInput(file: string, read: ReadModelFile) {
  const json = parseJson(file, new TextDecoder().decode(await read(file)));
  const nodes: readonly GraphNode[] = json?.modelTopology?.node ?? [];
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
        'convolutions, where 4 are expected. Use blazeface.json of @vladmandic/human 3.',
    );
  }
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  return {
    read: (async (path) => (path === file ? bytes : read(path))) satisfies ReadModelFile,
    convolutions,
  };
}

function parseJson(file: string, text: string) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(`'${file}' is no tfjs graph model: it is not JSON.`, { cause: error });
  }
}
