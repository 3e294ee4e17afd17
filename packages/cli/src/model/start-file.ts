import { createHash } from 'node:crypto';
import { DataError, decodeSafetensors, OpenSetError, type PlainTensor } from '@openset/core';
import { decodeModel, type ModelFile } from '@openset/verify';
import { readBytes } from '../files/read-file.ts';
import { findModelFile } from './load-model.ts';

/** A file of initial weights. */
export type StartFile = { readonly path: string; readonly sha256: string } & (
  | { readonly kind: 'model'; read(): ModelFile }
  | { readonly kind: 'pytorch'; readonly tensors: Readonly<Record<string, PlainTensor>> }
);

/**
 * Reads initial weights: a model of openset or the folder of a run, or the weights of a PyTorch network as safetensors.
 * @throws DataError if the file does not exist or is none of these
 */
export async function readStartFile(path: string): Promise<StartFile> {
  const file = await findModelFile(path);
  const missing = `There are no initial weights '${file}'. --init takes a model, the folder of a run, or a .safetensors file.`;
  const bytes = await readBytes(file, missing);
  const common = { path: file, sha256: createHash('sha256').update(bytes).digest('hex') };
  let content: ReturnType<typeof decodeSafetensors>;
  try {
    content = decodeSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof OpenSetError)) throw error;
    throw new DataError(
      `${file}: ${error.problem} --init takes a model of openset, or PyTorch weights as safetensors: ` +
        "safetensors.torch.save_file(model.state_dict(), 'weights.safetensors').",
      { cause: error },
    );
  }
  if ('openset.model' in content.metadata)
    return { ...common, kind: 'model', read: () => decodeModel(bytes) };
  return { ...common, kind: 'pytorch', tensors: withoutPrefix(content.tensors) };
}

/** Removes `module.` from names. If names begin with `backbone.`, keeps only those, without it. */
export function withoutPrefix<Tensor>(tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const bare = (name: string) => name.replace(/^module\./, '');
  const entries = Object.entries(tensors).map(([name, tensor]) => [bare(name), tensor] as const);
  const prefix = 'backbone.';
  const inside = entries.filter(([name]) => name.startsWith(prefix));
  if (inside.length === 0) return Object.fromEntries(entries);
  return Object.fromEntries(inside.map(([name, tensor]) => [bare(name.slice(prefix.length)), tensor]));
}
