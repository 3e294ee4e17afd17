import * as tf from '@tensorflow/tfjs-core';
import { DataError, shapeText } from './errors.ts';

/** Element types of the safetensors format. All of them are read; only F32 and I32 are written. */
export type SafetensorsType = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** One tensor of a file as row-major plain data: floats become float32, integers and booleans int32. */
export interface PlainTensor {
  /** Length of each dimension. */
  readonly shape: readonly number[];
  /** Type of the values. */
  readonly dtype: 'float32' | 'int32';
  /** The values, row-major. */
  readonly data: Float32Array | Int32Array;
}

/** Content of a safetensors file. */
export interface SafetensorsFile {
  /** Tensors by name. */
  readonly tensors: Readonly<Record<string, PlainTensor>>;
  /** The `__metadata__` of the file: strings by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

const bytesPerElement: Record<SafetensorsType, number> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Largest accepted header, as in the reference implementation. */
const maximumHeaderBytes = 100_000_000;

/**
 * Returns tensors as the bytes of a safetensors file: 8-byte length, JSON header, raw little-endian data.
 * @throws DataError if a shape does not fit its data, or a tensor is named `__metadata__`
 */
export function encodeSafetensors({
  tensors,
  metadata = {},
}: Partial<SafetensorsFile>): Uint8Array<ArrayBuffer> {
  // A list of pairs, because assigning to an object would lose a tensor called '__proto__'.
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  let end = 0;
  for (const [name, { shape, dtype, data }] of Object.entries(tensors ?? {})) {
    if (data.length !== sizeOf(shape)) {
      throw new DataError(
        `Tensor '${name}' has ${data.length} values, but its shape ${shapeText(shape)} needs ${sizeOf(shape)}.`,
      );
    }
    if (name === '__metadata__') throw new DataError("No tensor may be named '__metadata__'.");
    const offsets = [end, end + data.byteLength];
    header.push([name, { dtype: dtype === 'int32' ? 'I32' : 'F32', shape, data_offsets: offsets }]);
    end += data.byteLength;
  }
  // Spaces pad the header, so that the data start at a multiple of 8 bytes.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8, 8 + headerBytes);
  bytes.set(json, 8);
  let offset = 8 + headerBytes;
  for (const { data } of Object.values(tensors ?? {})) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file. Checks every length, offset and shape before it reads a tensor.
 * @param options `copies`: whether every tensor has memory of its own; default true. Otherwise values whose type and place in the file
 *   allow it are views of `bytes`, which must then not change
 * @throws DataError that says what is wrong with the file, and where
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  { copies = true }: { readonly copies?: boolean } = {},
): SafetensorsFile {
  const { tensors: places, metadata } = decodeSafetensorsHeader(bytes, bytes.length);
  const tensors = places.map(({ name, dtype, shape, begin, end }) => {
    const part = bytes.subarray(begin, end);
    // Views need an alignment that the format does not guarantee. (Buffer's slice is a view.)
    const raw = copies || part.byteOffset % 4 !== 0 ? new Uint8Array(part) : part;
    return [name, { shape, ...readValues(name, dtype, raw, sizeOf(shape)) }] as const;
  });
  return { tensors: Object.fromEntries(tensors), metadata };
}

/** Where a tensor is in a safetensors file. */
export interface SafetensorsPlace {
  /** Name of the tensor. */
  readonly name: string;
  /** Type of its elements in the file. */
  readonly dtype: SafetensorsType;
  /** Length of each dimension. */
  readonly shape: readonly number[];
  /** Its first byte, counted from the start of the file. */
  readonly begin: number;
  /** The byte after its last one. */
  readonly end: number;
}

/**
 * Returns where the tensors of a safetensors file are, and its `__metadata__`, to read some of them or some of their rows.
 * @param bytes the beginning of the file: at least its header, whose length `safetensorsHeaderEnd` returns
 * @param fileBytes length of the whole file
 * @throws DataError that says what is wrong with the file, and where
 */
export function decodeSafetensorsHeader(
  bytes: Uint8Array,
  fileBytes: number,
): { readonly tensors: readonly SafetensorsPlace[]; readonly metadata: Readonly<Record<string, string>> } {
  const { header, dataStart } = readHeader(bytes);
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, unknown> & {
    __metadata__?: unknown;
  };
  if (
    typeof metadata !== 'object' ||
    metadata === null ||
    Object.values(metadata).some((value) => typeof value !== 'string')
  ) {
    throw new DataError('This safetensors file is damaged: its __metadata__ must contain only strings.');
  }
  const dataBytes = fileBytes - dataStart;
  const checked = Object.entries(entries).map(([name, entry]) => checkEntry(name, entry, dataBytes));
  checkCoverage(checked, dataBytes);
  const tensors = checked.map((entry) => ({
    ...entry,
    begin: dataStart + entry.begin,
    end: dataStart + entry.end,
  }));
  return { tensors, metadata: metadata as Record<string, string> };
}

/**
 * Returns the length of the header of a safetensors file: the place of its first tensor.
 * @param bytes the first 8 bytes of the file, or more
 * @param fileBytes length of the whole file
 * @throws DataError if it is no safetensors file, or truncated
 */
export function safetensorsHeaderEnd(bytes: Uint8Array, fileBytes: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length >= 8 ? view.getBigUint64(0, true) : -1n;
  if (length < 2n || length > BigInt(maximumHeaderBytes) || 8n + length > BigInt(fileBytes)) {
    throw new DataError(
      `This is not a safetensors file, or it is truncated: it has ${fileBytes} bytes, but declares a header of ${length}.`,
    );
  }
  return 8 + Number(length);
}

/** Checks that the tensors cover the data without gaps or overlaps, as the format demands. */
function checkCoverage(entries: readonly { name: string; begin: number; end: number }[], dataBytes: number) {
  let covered = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      const what = begin < covered ? 'overlaps the previous tensor' : 'leaves a gap before it';
      throw new DataError(`Tensor '${name}' at bytes ${begin}–${end} ${what}: the file is damaged.`);
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    throw new DataError(
      `This safetensors file is damaged: it has ${dataBytes} bytes of data, but its tensors take ${covered}.`,
    );
  }
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  const dataStart = safetensorsHeaderEnd(bytes, bytes.length);
  try {
    const header: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, dataStart)),
    );
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) {
      return { header: header as Record<string, unknown>, dataStart };
    }
  } catch (error) {
    throw new DataError(`This is not a safetensors file: its header is not JSON (${String(error)}).`);
  }
  throw new DataError('This is not a safetensors file: its header is not a JSON object.');
}

function checkEntry(name: string, entry: unknown, dataBytes: number) {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !(dtype in bytesPerElement)) {
    throw new DataError(
      `Tensor '${name}' has the element type ${typeof dtype === 'string' ? JSON.stringify(dtype) : typeof dtype}; supported are ${Object.keys(bytesPerElement).join(', ')}.`,
    );
  }
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isCount) || !Array.isArray(offsets) || !offsets.every(isCount)) {
    // The message omits the entry, which may have any size and depth.
    throw new DataError(
      `Tensor '${name}' has a damaged header entry: shape and data_offsets must be lists of whole numbers.`,
    );
  }
  const [begin, end] = offsets as [number, number];
  const expected = sizeOf(shape) * bytesPerElement[dtype as SafetensorsType];
  if (offsets.length !== 2 || end - begin !== expected || end > dataBytes) {
    throw new DataError(
      `Tensor '${name}' is at bytes ${offsets.join('–')} of ${dataBytes}, but its type ${dtype} and shape ` +
        `${shapeText(shape)} need ${expected} bytes: the file is damaged or truncated.`,
    );
  }
  return { name, dtype: dtype as SafetensorsType, shape: shape as number[], begin, end };
}

function readValues(
  name: string,
  dtype: SafetensorsType,
  raw: Uint8Array,
  count: number,
): Omit<PlainTensor, 'shape'> {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const floats = (read: (index: number) => number) => ({
    dtype: 'float32' as const,
    data: Float32Array.from({ length: count }, (_, index) => read(index)),
  });
  const integers = (read: (index: number) => number) => ({
    dtype: 'int32' as const,
    data: Int32Array.from({ length: count }, (_, index) => read(index)),
  });
  switch (dtype) {
    case 'F32':
      return { dtype: 'float32', data: new Float32Array(raw.buffer, raw.byteOffset, count) };
    case 'F64':
      return floats((index) => view.getFloat64(8 * index, true));
    case 'F16':
      return floats((index) => halfToNumber(view.getUint16(2 * index, true)));
    case 'BF16': {
      const words = Uint32Array.from({ length: count }, (_, index) => view.getUint16(2 * index, true) << 16);
      return { dtype: 'float32', data: new Float32Array(words.buffer) };
    }
    case 'I64':
      return integers((index) => {
        const value = view.getBigInt64(8 * index, true);
        if (value === BigInt.asIntN(32, value)) return Number(value);
        throw new DataError(
          `Tensor '${name}' has the value ${value} at index ${index}, which does not fit into int32.`,
        );
      });
    case 'I32':
      return { dtype: 'int32', data: new Int32Array(raw.buffer, raw.byteOffset, count) };
    case 'I16':
      return integers((index) => view.getInt16(2 * index, true));
    case 'I8':
      return integers((index) => view.getInt8(index));
    default:
      return integers((index) => view.getUint8(index));
  }
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/**
 * Returns a state of named tensors, such as that of a loss, as the bytes of a safetensors file.
 * @param metadata strings for the `__metadata__` of the file
 * @throws DataError for tensors that are neither float32 nor int32
 */
export async function encodeState(
  state: tf.NamedTensorMap,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const tensors: [string, PlainTensor][] = [];
  for (const [name, tensor] of Object.entries(state)) {
    const { dtype, shape } = tensor;
    if (dtype !== 'float32' && dtype !== 'int32') {
      throw new DataError(
        `The state tensor '${name}' is ${dtype}, but only float32 and int32 can be written.`,
      );
    }
    tensors.push([name, { shape, dtype, data: (await tensor.data()) as Float32Array | Int32Array }]);
  }
  return encodeSafetensors({ tensors: Object.fromEntries(tensors), metadata });
}

/**
 * Returns the tensors of a safetensors file, for `setState`. The caller disposes of them.
 * @throws DataError if the file is damaged
 */
export function decodeState(bytes: Uint8Array): tf.NamedTensorMap {
  const { tensors } = decodeSafetensors(bytes);
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { data, shape, dtype }]) => [
      name,
      tf.tensor(data, [...shape], dtype),
    ]),
  );
}
