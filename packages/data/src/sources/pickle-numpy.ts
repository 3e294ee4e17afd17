import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { NumpyArray, NumpyType, type PickleGlobal, PickleString, type PickleValue } from './pickle-values.ts';

/** Constructs the value of a call from its arguments; returns undefined for invalid arguments. */
type Maker = (parameters: PickleValue[], name: string) => PickleValue | undefined;

const makeArray: Maker = () => new NumpyArray();

const makeType: Maker = ([code], name) => {
  const text = code instanceof PickleString ? code.shortText(name) : null;
  const found = text && /^[<>|=]?([biufO][1248])$/.exec(text)?.[1];
  return found ? new NumpyType(found) : undefined;
};

/** One number, from its type and its bytes. */
const makeScalar: Maker = ([type, data], name) => {
  if (!(type instanceof NumpyType) || !(data instanceof PickleString)) return undefined;
  const bytes = data.shortBytes(name);
  return bytes?.length === type.itemBytes ? decodeNumbers(bytes, type)?.[0] : undefined;
};

/** Bytes as Python 3 writes them in protocols 0 to 2: text of the same characters, to be encoded as latin1. */
const makeEncodedBytes: Maker = ([text, encoding], name) => {
  const isLatin = encoding instanceof PickleString && encoding.shortText(name) === 'latin1';
  return isLatin && text instanceof PickleString && text.kind === 'text' ? text.asBytes() : undefined;
};

/** Empty bytes, which the same protocols write as `bytes()`. */
const makeEmptyBytes: Maker = (parameters) =>
  parameters.length === 0 ? new PickleString('bytes', 'plain', 0, 0, new Uint8Array(0)) : undefined;

/** An array in protocol 5, from bytes, type, shape and order. */
const makeArrayFromBuffer: Maker = ([data, type, shape]) => {
  const array = new NumpyArray();
  return fillArray(array, shape, type, data) ? array : undefined;
};

const makers: Readonly<Record<string, Maker | null>> = {
  'numpy.core.multiarray _reconstruct': makeArray,
  'numpy._core.multiarray _reconstruct': makeArray,
  'numpy.core.multiarray scalar': makeScalar,
  'numpy._core.multiarray scalar': makeScalar,
  'numpy.core.numeric _frombuffer': makeArrayFromBuffer,
  'numpy._core.numeric _frombuffer': makeArrayFromBuffer,
  'numpy dtype': makeType,
  // Occurs as the type of an array and is never called.
  'numpy ndarray': null,
  '_codecs encode': makeEncodedBytes,
  '__builtin__ bytes': makeEmptyBytes,
  'builtins bytes': makeEmptyBytes,
};

/** Checks whether a pickle may use `module name`: only names that the lists of a verification set need. */
export function isAllowedGlobal(name: string): boolean {
  return Object.hasOwn(makers, name);
}

/**
 * Returns the value of a call in a pickle, without calling anything.
 * @returns undefined for invalid arguments
 */
export function reduceGlobal(
  global: PickleGlobal,
  parameters: PickleValue[],
  fileName: string,
): PickleValue | undefined {
  return makers[global.name]?.(parameters, fileName);
}

/**
 * Sets the state of a numpy value.
 * @returns false for an invalid state
 */
export function buildValue(target: PickleValue | undefined, state: PickleValue, fileName: string): boolean {
  if (!Array.isArray(state)) return false;
  if (target instanceof NumpyType) {
    const order = state[1] instanceof PickleString ? state[1].shortText(fileName) : null;
    target.isBigEndian = order === '>';
    return order !== null && '<>|='.includes(order);
  }
  if (!(target instanceof NumpyArray) || state.length !== 5) return false;
  return fillArray(target, state[1], state[2], state[4]);
}

/**
 * Reads the numbers of an array; booleans become 0 and 1.
 * @throws DataError for an array of other types, or if the number of bytes does not match
 */
export async function readNumbers(array: NumpyArray, file: ByteFile): Promise<number[]> {
  const { data, type, size } = array;
  const numbers = data instanceof PickleString && type ? decodeNumbers(await data.read(file), type) : null;
  if (numbers?.length === size) return numbers;
  throw new DataError(
    `${file.name}: expected ${size} numbers in a numpy array of type ${type?.code ?? 'unknown'}, ` +
      `found ${numbers?.length ?? 'none'}.`,
  );
}

function fillArray(
  array: NumpyArray,
  shape: PickleValue | undefined,
  type: PickleValue | undefined,
  data: PickleValue | undefined,
): boolean {
  if (!Array.isArray(shape) || shape.length === 0 || !(type instanceof NumpyType)) return false;
  const isLength = (length: PickleValue) => Number.isSafeInteger(length) && (length as number) >= 0;
  if (!shape.every(isLength)) return false;
  const size = (shape as number[]).reduce((product, length) => product * length, 1);
  // The shape is untrusted, so the data must match it, if their size is known without decoding.
  const isObjects = type.code.startsWith('O');
  const fits = isObjects
    ? Array.isArray(data) && data.length === size
    : data instanceof PickleString && (data.coding !== 'plain' || data.length === size * type.itemBytes);
  if (!fits) return false;
  Object.assign(array, { type, size, data });
  return true;
}

function decodeNumbers(bytes: Uint8Array, { code, itemBytes, isBigEndian }: NumpyType): number[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = !isBigEndian;
  const readers: Record<string, (offset: number) => number> = {
    b1: (offset) => view.getUint8(offset),
    u1: (offset) => view.getUint8(offset),
    i1: (offset) => view.getInt8(offset),
    u2: (offset) => view.getUint16(offset, little),
    i2: (offset) => view.getInt16(offset, little),
    u4: (offset) => view.getUint32(offset, little),
    i4: (offset) => view.getInt32(offset, little),
    u8: (offset) => Number(view.getBigUint64(offset, little)),
    i8: (offset) => Number(view.getBigInt64(offset, little)),
    f4: (offset) => view.getFloat32(offset, little),
    f8: (offset) => view.getFloat64(offset, little),
  };
  const read = readers[code];
  if (!read || bytes.length % itemBytes !== 0) return null;
  return Array.from({ length: bytes.length / itemBytes }, (_, index) => read(index * itemBytes));
}
