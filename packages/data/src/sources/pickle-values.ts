import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';

/** How the bytes of a string stand in the file. */
export type PickleCoding =
  /** As they are. */
  | 'plain'
  /** As the characters 0 to 255 of a text in UTF-8: what Python 3 writes for bytes in protocols 1 and 2. */
  | 'utf-8'
  /** As a line with `\u00e9` for all that is not latin-1: Python 3, protocol 0. */
  | 'unicode-escaped'
  /** As a line in quotes with `\xe9`: Python 2, protocol 0. */
  | 'quoted';

/** Strings up to this size are kept; longer ones are pictures, of which only the place is. */
const keptBytes = 64;

/** Bytes or text in a pickle, by the place in the file. */
export class PickleString {
  readonly kind: 'bytes' | 'text';
  readonly coding: PickleCoding;
  readonly offset: number;
  /** Bytes in the file, which is not the number of bytes of the string unless the coding is plain. */
  readonly length: number;
  /** The bytes in the file, of short strings. */
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

  /** Whether a string of this length is to be kept. */
  static isKept(length: number): boolean {
    return length <= keptBytes;
  }

  /** The same string, taken as bytes: what `_codecs.encode(text, 'latin1')` makes. */
  asBytes(): PickleString {
    return new PickleString('bytes', this.coding, this.offset, this.length, this.kept);
  }

  /** The bytes of a short string; null for a long one. */
  shortBytes(name: string): Uint8Array | null {
    return this.kept && decodeBytes(this.kept, this.coding, `${name}, byte ${this.offset}`);
  }

  /** The text of a short string of latin characters, in which names are written; null for a long one. */
  shortText(name: string): string | null {
    const bytes = this.shortBytes(name);
    return bytes && String.fromCharCode(...bytes);
  }

  /**
   * Reads the bytes from the file.
   * @throws DataError if they are not in the coding announced
   */
  async read(file: ByteFile): Promise<Uint8Array> {
    const stored = await file.read(this.offset, this.length);
    return decodeBytes(stored, this.coding, `${file.name}, byte ${this.offset}`);
  }
}

/** Something a pickle refers to by its name; only the names that are needed come this far. */
export class PickleGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A `numpy.dtype`. */
export class NumpyType {
  /** Kind and bytes of one number: `u1`, `b1`, `i8`, `f4`; `O8` for objects. */
  readonly code: string;
  isBigEndian = false;

  constructor(code: string) {
    this.code = code;
  }

  get itemBytes(): number {
    return Number(this.code.slice(1));
  }
}

/** A `numpy.ndarray`, filled by a BUILD operation after it was made. */
export class NumpyArray {
  type: NumpyType | null = null;
  /** Number of entries. */
  size = 0;
  data: PickleString | PickleValue[] | null = null;
}

/** Everything a pickle may hold here. Lists and tuples are arrays; small dictionaries are maps. */
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

/** What a value is, for messages. */
export function describeValue(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (Array.isArray(value)) return `a list or tuple of ${value.length}`;
  if (value instanceof PickleString) return value.kind === 'text' ? 'a text' : 'bytes';
  if (value instanceof PickleGlobal) return value.name;
  if (value instanceof NumpyType) return `numpy.dtype ${value.code}`;
  if (value instanceof NumpyArray) return `a numpy array of ${value.size}`;
  if (value instanceof Map) return 'a dictionary';
  return String(value);
}

const escapes: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '\\': 92, "'": 39, '"': 34 };

function decodeBytes(stored: Uint8Array, coding: PickleCoding, place: string): Uint8Array {
  if (coding === 'plain') return stored;
  if (coding === 'utf-8') return decodeUtf8(stored, place);
  // Every escape is longer than the byte it stands for.
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
      throw new DataError(
        `${place}: '\\${letter}${text}' stands in a string of bytes, which it cannot mean.`,
      );
    }
    decoded[end] = value;
    index += 2 + digits;
  }
  return decoded.subarray(0, end);
}

/** Text in UTF-8 whose characters are the bytes 0 to 255: `c3 a9` is é, the byte e9. */
function decodeUtf8(stored: Uint8Array, place: string): Uint8Array {
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
      throw new DataError(`${place}: the text holds a character above 255, so it stands for no bytes.`);
    }
    decoded[end] = ((first & 0b11) << 6) | (second & 0b111111);
  }
  return decoded.subarray(0, end);
}
