import { DataError } from '@openset/core';
import type { ImageRecord, ImageSource } from '../../source.ts';

/** Options of `arraySource`. */
export interface ArraySourceOptions {
  readonly numClasses?: number;
  /** The class of each record; default: the classes in turn. */
  readonly labels?: readonly number[];
  /** Records whose `get` is rejected. */
  readonly unreadable?: readonly number[];
  /** Records whose bytes are not an image. */
  readonly damaged?: readonly number[];
  /** Called with the index of every record that is read. */
  onGet?(index: number): void | Promise<void>;
}

/** Returns a set of raw 2 × 2 images; every pixel of an image is the index of its record. */
export function arraySource(size: number, options: ArraySourceOptions = {}): ImageSource {
  const raw = { height: 2, width: 2, channels: 1 };
  return fileSource(
    Array.from({ length: size }, (_, index) => new Uint8Array(4).fill(index)),
    { ...options, raw },
  );
}

/** Returns a set of files in memory. */
export function fileSource(
  files: readonly Uint8Array[],
  options: ArraySourceOptions & { readonly raw?: NonNullable<ImageRecord['raw']> } = {},
): ImageSource {
  const { numClasses = 3, unreadable = [], damaged = [], onGet, raw } = options;
  const labels = Int32Array.from(files, (_, index) => options.labels?.[index] ?? index % numClasses);
  return {
    size: files.length,
    classNames: Array.from({ length: numClasses }, (_, index) => `class ${index}`),
    labels,
    get: async (index) => {
      await onGet?.(index);
      const origin = `file ${index}`;
      const bytes = files[index];
      if (!bytes) throw new RangeError(`no record ${index}`);
      if (unreadable.includes(index)) throw new DataError(`${origin}: the disk is gone`);
      const label = labels[index]!;
      if (damaged.includes(index)) return { bytes: Uint8Array.of(1, 2, 3), label, origin };
      return { bytes, label, origin, ...(raw ? { raw } : {}) };
    },
    close: async () => {},
  };
}
