import type { ImageRecord, ImageSource } from '../source.ts';
import { checkIndex } from './check-index.ts';
import type { ClassTable } from './class-table.ts';

/** A set of pictures that are files of their own. */
export interface PathSource extends ImageSource {
  /** The files in order, as the list or folder names them. */
  readonly paths: readonly string[];
}

/** What `pathSource` puts together. */
export interface PathSourceParts extends ClassTable {
  readonly name: string;
  readonly paths: readonly string[];
  /** All numbers of each label, for lists with several. */
  readonly labelArrays?: readonly Float32Array[];
  readonly readFile: (path: string) => Promise<Uint8Array>;
}

/** An `ImageSource` over files that are read one by one. */
export function pathSource(parts: PathSourceParts): PathSource {
  const { name, paths, labels, classNames, labelArrays, readFile } = parts;
  return {
    size: paths.length,
    paths,
    labels,
    classNames,
    async get(index): Promise<ImageRecord> {
      checkIndex(name, index, paths.length);
      const path = paths[index] as string;
      const all = labelArrays?.[index];
      const record = { bytes: await readFile(path), label: labels[index] as number, origin: path };
      return all ? { ...record, labels: all } : record;
    },
    close: async () => {},
  };
}
