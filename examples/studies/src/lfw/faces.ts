import { join } from 'node:path';
import { type ImageSource, readLfwPairs, type VerificationSet, verificationImages } from '@openset/data';
import { openImageFolder, openPairs, readFrom } from '@openset/data/node';
import { decodeAndClose } from '../decode-and-close.ts';

/** Decoded data of the study: grey images of one size. */
export interface Faces {
  readonly train: ImageSource;
  readonly pairs: VerificationSet;
  /** Images of the pairs; `2i` and `2i + 1` belong to pair i. */
  readonly pairImages: ImageSource;
  /** All images of the people of the pairs, with the person as label. */
  readonly people: ImageSource;
  readonly inputSize: number;
}

/**
 * Opens both folders and decodes them into memory.
 * @param folders `train`: one folder for each person; `pairs`: LFW's `pairs.txt` and one folder for each person
 */
export async function openFaces(
  folders: { readonly train: string; readonly pairs: string },
  inputSize: number,
): Promise<Faces> {
  const list = await readFrom(join(folders.pairs, 'pairs.txt'), readLfwPairs);
  const pairs = openPairs(list, folders.pairs);
  const size = { height: inputSize, width: inputSize, channels: 1 } as const;
  return {
    train: await decodeAndClose(await openImageFolder(folders.train), size),
    pairs,
    pairImages: await decodeAndClose(verificationImages(pairs), size),
    people: await decodeAndClose(await openImageFolder(folders.pairs), size),
    inputSize,
  };
}
