import { DataError, encodeSafetensors, type PlainTensor, type RowRange, ShapeError } from '@openset/core';
import type { TensorFile } from './tensor-file.ts';

/** Returns the rows of a tensor of a checkpoint's file that this process holds; null if it holds the whole tensor. */
export type RowsOf = (file: string, tensor: string) => RowRange | null;

/** Returns the `__metadata__` of a file of rows: `<first row> <rows of the whole tensor>` by tensor. */
export function encodeRows(rows: Readonly<Record<string, RowRange>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(rows).map(([name, { start, total }]) => [name, `${start} ${total}`]),
  );
}

const partPattern = /^([\w-]+)\.\d+-of-\d+(\.safetensors)$/;

/** Returns the name of the file of one rank's rows, such as `loss.0-of-4.safetensors` for `loss.safetensors`. */
export function partName(file: string, rank: number, size: number): string {
  return file.replace(/\.safetensors$/, `.${rank}-of-${size}.safetensors`);
}

/** Returns the name of the whole file that a file of rows belongs to; null if it is no such file. */
export function wholeName(file: string): string | null {
  const [, name, ending] = partPattern.exec(file) ?? [];
  return name ? `${name}${ending}` : null;
}

/** Rows of a tensor in a file. */
interface Piece {
  readonly file: TensorFile;
  readonly start: number;
  readonly count: number;
  readonly total: number;
  readonly begin: number;
  readonly dtype: PlainTensor['dtype'];
  readonly shape: readonly number[];
}

/**
 * Returns one safetensors file with the tensors of several, which may hold rows of the same tensor.
 * @param rowsOf rows to read, by tensor; null for all. No other rows are read
 * @throws DataError if rows are missing, ShapeError if a tensor has another number of rows than expected
 */
export async function joinFiles(
  files: readonly TensorFile[],
  rowsOf: (tensor: string) => RowRange | null,
): Promise<Uint8Array> {
  const tensors: [string, PlainTensor][] = [];
  for (const [name, pieces] of piecesByTensor(files)) {
    const { total, dtype, shape } = pieces[0]!;
    const wanted = rowsOf(name) ?? { start: 0, count: total, total };
    if (wanted.total !== total) {
      throw new ShapeError(
        `The tensor '${name}' of the checkpoint has ${total} rows, but that of this run has ${wanted.total}.`,
      );
    }
    const data = await readRows(name, pieces, wanted);
    const Values = dtype === 'int32' ? Int32Array : Float32Array;
    const isScalar = shape.length === 0;
    tensors.push([
      name,
      { shape: isScalar ? [] : [wanted.count, ...shape.slice(1)], dtype, data: new Values(data.buffer) },
    ]);
  }
  return encodeSafetensors({ tensors: Object.fromEntries(tensors) });
}

function piecesByTensor(files: readonly TensorFile[]): Map<string, Piece[]> {
  const byTensor = new Map<string, Piece[]>();
  for (const file of files) {
    for (const { name, dtype, shape, begin } of file.tensors) {
      if (dtype !== 'F32' && dtype !== 'I32')
        throw new DataError(`The tensor '${name}' of the checkpoint is ${dtype}; expected is F32 or I32.`);
      const count = shape[0] ?? 1;
      const [start = 0, total = count] = file.metadata[name]?.split(' ').map(Number) ?? [];
      const piece = {
        file,
        start,
        count,
        total,
        begin,
        shape,
        dtype: dtype === 'I32' ? 'int32' : 'float32',
      } as const;
      byTensor.set(name, [...(byTensor.get(name) ?? []), piece]);
    }
  }
  return byTensor;
}

/** Returns the bytes of some rows of a tensor. */
async function readRows(
  name: string,
  pieces: readonly Piece[],
  { start, count }: RowRange,
): Promise<Uint8Array<ArrayBuffer>> {
  const rowBytes = 4 * pieces[0]!.shape.slice(1).reduce((size, length) => size * length, 1);
  const data = new Uint8Array(count * rowBytes);
  let found = 0;
  for (const piece of pieces) {
    const first = Math.max(start, piece.start);
    const last = Math.min(start + count, piece.start + piece.count);
    if (first >= last) continue;
    const at = (row: number) => piece.begin + (row - piece.start) * rowBytes;
    await piece.file.read(at(first), data.subarray((first - start) * rowBytes, (last - start) * rowBytes));
    found += last - first;
  }
  if (found === count) return data;
  throw new DataError(
    `The checkpoint has ${found} of the rows ${start} to ${start + count - 1} of the tensor '${name}'.`,
  );
}
