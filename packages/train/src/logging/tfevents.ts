import { maskedCrc32c } from './crc32c.ts';

/** One `tensorflow.Event`. */
export interface TensorBoardRecord {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step?: number;
  readonly content:
    | { readonly kind: 'version' }
    /** Discards earlier values of this step and later ones: the run resumed before it. */
    | { readonly kind: 'restart' }
    | { readonly kind: 'scalars'; readonly values: Readonly<Record<string, number>> };
}

/** Encodes an event as a protocol buffer in a TFRecord frame: length, its checksum, data, its checksum. */
export function encodeRecord(record: TensorBoardRecord): Uint8Array {
  const data = encodeEvent(record);
  const framed = new Uint8Array(data.length + 16);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(framed.subarray(0, 8)), true);
  framed.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return framed;
}

/** Field numbers are those of tensorflow/core/util/event.proto and framework/summary.proto. */
function encodeEvent({ wallTime, step = 0, content }: TensorBoardRecord): Uint8Array {
  const head = [double(1, wallTime), integer(2, step)];
  switch (content.kind) {
    case 'version':
      return concatenate([...head, bytes(3, utf8('brain.Event:2'))]);
    case 'restart': {
      const start = 1;
      return concatenate([...head, bytes(7, integer(1, start))]);
    }
    case 'scalars': {
      const values = Object.entries(content.values).map(([tag, value]) =>
        bytes(1, concatenate([bytes(1, utf8(tag)), float(2, value)])),
      );
      return concatenate([...head, bytes(5, concatenate(values))]);
    }
  }
}

function double(field: number, value: number): Uint8Array {
  const result = new Uint8Array(9);
  result[0] = (field << 3) | 1;
  new DataView(result.buffer).setFloat64(1, value, true);
  return result;
}

function float(field: number, value: number): Uint8Array {
  const result = new Uint8Array(5);
  result[0] = (field << 3) | 5;
  new DataView(result.buffer).setFloat32(1, value, true);
  return result;
}

function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([field << 3, ...varint(value)]);
}

function bytes(field: number, content: Uint8Array): Uint8Array {
  return concatenate([Uint8Array.from([(field << 3) | 2, ...varint(content.length)]), content]);
}

/** Seven bits per byte, lowest first; by division, for steps beyond 2^31. */
function varint(value: number): number[] {
  const result: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) result.push((rest % 128) | 128);
  return [...result, rest];
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    result.set(part, end);
    end += part.length;
  }
  return result;
}
