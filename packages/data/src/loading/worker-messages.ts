import type { NodeDecoderOptions } from '../images/decode-image-node.ts';
import type { ImageFailure, ImageItem, Recipe } from './prepare-images.ts';

/** What a worker thread is given at its start. */
export interface WorkerSetup {
  readonly recipe: Recipe;
  readonly decoderOptions: NodeDecoderOptions;
}

/** A part of a batch, as it goes to a worker thread. */
export interface WorkerTask {
  readonly id: number;
  /** The bytes of all records, one after another; moved to the worker. */
  readonly bytes: Uint8Array;
  /** Each record's own bytes are `bytes[offset … offset + length)`; null for records that could not be read. */
  readonly items: readonly (PackedItem | null)[];
  /** Where the result goes; moved to the worker and back. */
  readonly pixels: Float32Array;
}

/** An image without its bytes. */
export interface PackedItem extends Omit<ImageItem, 'record'> {
  readonly record: Omit<ImageItem['record'], 'bytes'>;
  readonly offset: number;
  readonly length: number;
}

/** What comes back. */
export interface WorkerReply {
  readonly id: number;
  readonly pixels: Float32Array;
  readonly failures: readonly ImageFailure[];
  /** Set if preparing threw something that is not the fault of one image. */
  readonly error?: string;
}

/**
 * Puts the bytes of all records into one buffer of their own, which can be moved; those of the source stay its own.
 */
export function packItems(items: readonly (ImageItem | null)[]): Pick<WorkerTask, 'bytes' | 'items'> {
  const total = items.reduce((sum, item) => sum + (item?.record.bytes.length ?? 0), 0);
  const bytes = new Uint8Array(total);
  let offset = 0;
  const packed = items.map((item): PackedItem | null => {
    if (!item) return null;
    const { record, ...place } = item;
    const { bytes: own, ...description } = record;
    bytes.set(own, offset);
    offset += own.length;
    return { ...place, record: description, offset: offset - own.length, length: own.length };
  });
  return { bytes, items: packed };
}

/** The other way round. */
export function unpackItems({ bytes, items }: Pick<WorkerTask, 'bytes' | 'items'>): (ImageItem | null)[] {
  return items.map((item) => {
    if (!item) return null;
    const { record, offset, length, ...place } = item;
    return { ...place, record: { ...record, bytes: bytes.subarray(offset, offset + length) } };
  });
}
