import type { NodeDecoderOptions } from '../images/decode-image-node.ts';
import type { ImageFailure, ImageItem, Recipe } from './prepare-images.ts';

/** Start data of a worker thread. */
export interface WorkerSetup {
  readonly recipe: Recipe;
  readonly decoderOptions: NodeDecoderOptions;
}

/** A chunk of a batch, as sent to a worker thread. */
export interface WorkerTask {
  readonly id: number;
  /** Concatenated bytes of all records; transferred to the worker. */
  readonly bytes: Uint8Array;
  /** Items whose bytes are `bytes[offset … offset + length)`; null for records that could not be read. */
  readonly items: readonly (PackedItem | null)[];
  /** Output; transferred to the worker and back. */
  readonly pixels: Float32Array;
}

/** An image with the position of its bytes. */
export interface PackedItem extends Omit<ImageItem, 'record'> {
  readonly record: Omit<ImageItem['record'], 'bytes'>;
  readonly offset: number;
  readonly length: number;
}

/** The result of a task. */
export interface WorkerReply {
  readonly id: number;
  readonly pixels: Float32Array;
  readonly failures: readonly ImageFailure[];
  /** Message of an error that is not specific to one image. */
  readonly error?: string;
}

/**
 * Copies the bytes of all records to a new buffer, which can be transferred. The source keeps its bytes.
 */
export function packItems(items: readonly (ImageItem | null)[]): Pick<WorkerTask, 'bytes' | 'items'> {
  const total = items.reduce((sum, item) => sum + (item?.record.bytes.length ?? 0), 0);
  const bytes = new Uint8Array(total);
  let offset = 0;
  const packed = items.map((item): PackedItem | null => {
    if (!item) return null;
    const { record, ...position } = item;
    const { bytes: recordBytes, ...description } = record;
    const { length } = recordBytes;
    bytes.set(recordBytes, offset);
    offset += length;
    return { ...position, record: description, offset: offset - length, length };
  });
  return { bytes, items: packed };
}

/** Reverses `packItems`; the bytes of the items are views of the buffer. */
export function unpackItems({ bytes, items }: Pick<WorkerTask, 'bytes' | 'items'>): (ImageItem | null)[] {
  return items.map((item) => {
    if (!item) return null;
    const { record, offset, length, ...position } = item;
    return { ...position, record: { ...record, bytes: bytes.subarray(offset, offset + length) } };
  });
}
