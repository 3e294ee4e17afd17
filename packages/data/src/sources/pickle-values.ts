import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';

/** Encoding of the bytes of a string in the file. */
export type PickleCoding =
  /** Unencoded. */
  | 'plain'
  /** Characters 0 to 255 in UTF-8: Python 3's encoding of bytes in protocols 1 and 2. */
  | 'utf-8'
  /** A line with `\u00e9` for characters outside of latin-1: Python 3, protocol 0. */
  | 'unicode-escaped'
  /** A line in quotes with `\xe9`: Python 2, protocol 0. */
  | 'quoted';

/** Size up to which strings are kept in memory; longer ones are images, read later from their position. */
const keptBytes = 64;

/** Bytes or text in a pickle, by position in the file. */
export class PickleString {
  readonly kind: 'bytes' | 'text';
  readonly coding: PickleCoding;
  readonly offset: number;
  /** Number of bytes in the file; equals the length of the string only for plain coding. */
  readonly length: number;
  /** The encoded bytes of short strings. */
  readonly kept: Uint8Array | null;

  constructor(
    kind: 'bytes' | 'text',
    coding: PickleCoding,
    offset: number,
    length: number,
    kept: Uint8Array | null = null,
  ) {
    this.kind = kind;
    this.coding = coding;
    this.offset = offset;
    this.length = length;
    this.kept = kept;
  }

  /** Checks whether strings of this length are kept in memory. */
  static isKept(length: number): boolean {
    return length <= keptBytes;
  }

  /** Returns this text as bytes, like `_codecs.encode(text, 'latin1')`. */
  asBytes(): PickleString {
    return new PickleString('bytes', this.coding, this.offset, this.length, this.kept);
  }

  /** Returns the bytes of a short string; null for a long one. */
  shortBytes(name: string): Uint8Array | null {
    return this.kept && decodeBytes(this.kept, this.coding, `${name}, byte ${this.offset}`);
  }

  /** Returns the text of a short string in latin-1, as names are written; null for a long one. */
  shortText(name: string): string | null {
    const bytes = this.shortBytes(name);
    return bytes && String.fromCharCode(...bytes);
  }

  /**
   * Reads the bytes from the file.
   * @throws DataError if they violate the coding
   */
  async read(file: ByteFile): Promise<Uint8Array> {
    const stored = await file.read(this.offset, this.length);
    return decodeBytes(stored, this.coding, `${file.name}, byte ${this.offset}`);
  }
}

/** A Python object that a pickle refers to by name; always one of the allowed names. */
export class PickleGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A `numpy.dtype`. */
export class NumpyType {
  /** Kind and size in bytes: `u1`, `b1`, `i8`, `f4`; `O8` for objects. */
  readonly code: string;
  isBigEndian = false;

  constructor(code: string) {
    this.code = code;
  }

  get itemBytes(): number {
    return Number(this.code.slice(1));
  }
}

/** A `numpy.ndarray`; a BUILD operation fills it after its construction. */
export class NumpyArray {
  type: NumpyType | null = null;
  /** Number of entries. */
  size = 0;
  data: PickleString | PickleValue[] | null = null;
}

/** Any supported value. Lists and tuples are arrays; small dictionaries are maps. */
export type PickleValue =
  | null
  | boolean
  | number
  | PickleString
  | PickleGlobal
  | NumpyType
  | NumpyArray
  | PickleValue[]
  | Map<PickleValue, PickleValue>;

/** Describes a value in messages. */
export function describeValue(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (Array.isArray(value)) return `a list or tuple of ${value.length}`;
  if (value instanceof PickleString) return value.kind === 'text' ? 'text' : 'bytes';
  if (value instanceof PickleGlobal) return value.name;
  if (value instanceof NumpyType) return `numpy.dtype ${value.code}`;
  if (value instanceof NumpyArray) return `a numpy array of ${value.size}`;
  if (value instanceof Map) return 'a dictionary';
  return String(value);
}

const escapes: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '\\': 92, "'": 39, '"': 34 };

function decodeBytes(stored: Uint8Array, coding: PickleCoding, location: string): Uint8Array {
  if (coding === 'plain') return stored;
  if (coding === 'utf-8') return decodeUtf8(stored, location);
  // Every escape sequence is longer than the byte that it encodes.
  const decoded = new Uint8Array(stored.length);
  let end = 0;
  for (let index = 0; index < stored.length; end++) {
    if (stored[index] !== 0x5c || (coding === 'unicode-escaped' && stored[index + 1] !== 0x75)) {
      decoded[end] = stored[index++] as number;
      continue;
    }
    const letter = String.fromCharCode(stored[index + 1] ?? 0);
    const digits = coding === 'quoted' ? (letter === 'x' ? 2 : 0) : 4;
    const text = String.fromCharCode(...stored.subarray(index + 2, index + 2 + digits));
    const isHex = text.length === digits && /^[0-9a-fA-F]+$/.test(text);
    const value = digits > 0 ? (isHex ? Number.parseInt(text, 16) : undefined) : escapes[letter];
    if (value === undefined || value > 255) {
      throw new DataError(`${location}: '\\${letter}${text}' does not encode a byte; the string is damaged.`);
    }
    decoded[end] = value;
    index += 2 + digits;
  }
  return decoded.subarray(0, end);
}

/** Decodes UTF-8 text whose characters 0 to 255 are bytes: `c3 a9` is é, the byte e9. */
function decodeUtf8(stored: Uint8Array, location: string): Uint8Array {
  const decoded = new Uint8Array(stored.length);
  let end = 0;
  for (let index = 0; index < stored.length; end++) {
    const first = stored[index++] as number;
    if (first < 0x80) {
      decoded[end] = first;
      continue;
    }
    const second = stored[index++] ?? 0;
    if ((first !== 0xc2 && first !== 0xc3) || second >> 6 !== 0b10) {
      throw new DataError(
        `${location}: the text has a character above 255, which does not encode a byte; the string is damaged.`,
      );
    }
    decoded[end] = ((first & 0b11) << 6) | (second & 0b111111);
  }
  return decoded.subarray(0, end);
}
