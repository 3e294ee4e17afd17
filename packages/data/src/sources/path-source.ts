import type { ImageRecord, ImageSource } from '../source.ts';
import { checkIndex } from './check-index.ts';
import type { ClassTable } from './class-table.ts';
import type { ListReport } from './text-lines.ts';

/** A set of image files. */
export interface PathSource extends ImageSource {
  /** Path of each image, as in the list or folder. */
  readonly paths: readonly string[];
  /** What became of the lines of a list; missing for a set from elsewhere. */
  readonly report?: ListReport;
}

/** Parameters of `pathSource`. */
export interface PathSourceParts extends ClassTable {
  /** Name of the set, for messages. */
  readonly name: string;
  readonly paths: readonly string[];
  /** All numbers of each label, for lists with label arrays. */
  readonly labelArrays?: readonly Float32Array[];
  readonly readFile: (path: string) => Promise<Uint8Array>;
}

/** Returns an `ImageSource` over files, which are read on demand. */
export function pathSource(parts: PathSourceParts): PathSource {
  const { name, paths, labels, classNames, labelArrays, readFile } = parts;
  return {
    size: paths.length,
    paths,
    labels,
    classNames,
    origin: (index) => paths[index] as string,
    async get(index): Promise<ImageRecord> {
      checkIndex(name, index, paths.length);
      const path = paths[index] as string;
      const labelArray = labelArrays?.[index];
      const record = { bytes: await readFile(path), label: labels[index] as number, origin: path };
      return labelArray ? { ...record, labels: labelArray } : record;
    },
    close: async () => {},
  };
}
