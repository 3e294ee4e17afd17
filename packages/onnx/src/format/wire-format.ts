import { DataError } from '@openset/core';
// The part of protobufjs without reflection. Reflection compiles its coders with `new Function`, which a content security
// policy may forbid, and is three times as large.
import protobuf from 'protobufjs/minimal.js';
import { type Field, type FieldType, type MessageName, schema } from './schema.ts';

/** Largest protobuf message: readers store its length as a signed 32-bit number. */
export const maximumBytes = 2 ** 31 - 1;

/** A message in pieces, so that weights are copied only once, into a buffer of the final length. */
interface Pieces {
  readonly parts: readonly Uint8Array[];
  readonly byteLength: number;
}

type Message = Readonly<Record<string, unknown>>;

/**
 * Encodes a message in protobuf's wire format.
 * @throws DataError if it is larger than protobuf allows
 */
export function encodeMessage(name: MessageName, message: object): Uint8Array<ArrayBuffer> {
  const { parts, byteLength } = encodePieces(name, message as Message);
  if (byteLength > maximumBytes) {
    throw new DataError(
      `The ONNX file would have ${byteLength} bytes, but a protobuf message has at most ${maximumBytes}: export a ` +
        'smaller backbone.',
    );
  }
  const bytes = new Uint8Array(byteLength);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function encodePieces(name: MessageName, message: Message): Pieces {
  const parts: Uint8Array[] = [];
  for (const [key, field] of Object.entries(schema[name])) {
    const value = message[key];
    if (value === undefined) continue;
    for (const element of field.repeated ? (value as readonly unknown[]) : [value]) {
      // One by one, because the number of arguments of a call is limited.
      for (const part of encodeField(field, element)) parts.push(part);
    }
  }
  return { parts, byteLength: parts.reduce((sum, { length }) => sum + length, 0) };
}

function encodeField({ number, type }: Field, value: unknown): readonly Uint8Array[] {
  const writer = new protobuf.Writer().uint32(number * 8 + wireTypeOf(type));
  switch (type) {
    case 'int32':
      return [writer.int32(value as number).finish()];
    case 'int64':
      return [writer.int64(value as number).finish()];
    case 'float':
      return [writer.float(value as number).finish()];
    case 'string':
      return [writer.string(value as string).finish()];
    case 'bytes':
      return [writer.uint32((value as Uint8Array).length).finish(), value as Uint8Array];
    default: {
      const inner = encodePieces(type, value as Message);
      return [writer.uint32(inner.byteLength).finish(), ...inner.parts];
    }
  }
}

const wireTypes = { varint: 0, lengthDelimited: 2, fixed32: 5 };

function wireTypeOf(type: FieldType): number {
  if (type === 'int32' || type === 'int64') return wireTypes.varint;
  return type === 'float' ? wireTypes.fixed32 : wireTypes.lengthDelimited;
}

/**
 * Decodes a message. Skips fields that `schema` does not have.
 * @throws DataError if the bytes are not such a message
 */
export function decodeMessage(name: MessageName, bytes: Uint8Array): Message {
  const reader = new protobuf.Reader(bytes);
  try {
    return readMessage(name, reader, bytes.length);
  } catch (error) {
    throw new DataError(`This is not an ONNX file, or it is damaged: ${(error as Error).message}.`);
  }
}

function readMessage(name: MessageName, reader: protobuf.Reader, end: number): Message {
  const fields = new Map(Object.entries(schema[name]).map((entry) => [entry[1].number, entry]));
  const message: Record<string, unknown> = {};
  for (const [key, field] of fields.values()) if (field.repeated) message[key] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    const wireType = tag % 8;
    const number = Math.floor(tag / 8);
    const [key, field] = fields.get(number) ?? [];
    if (key === undefined || field === undefined) {
      reader.skipType(wireType, 0, number);
      continue;
    }
    // Repeated numbers may be separate fields or packed into one.
    const isPacked = field.type === 'int64' && field.repeated && wireType === wireTypes.lengthDelimited;
    if (wireType !== wireTypeOf(field.type) && !isPacked) {
      throw new RangeError(`field ${key} of ${name} has the wire type ${wireType}`);
    }
    const stop = isPacked ? reader.uint32() + reader.pos : reader.pos + 1;
    while (reader.pos < stop) {
      const value = readValue(field, reader);
      if (field.repeated) (message[key] as unknown[]).push(value);
      else message[key] = value;
    }
  }
  if (reader.pos !== end) throw new RangeError(`a ${name} ends at byte ${reader.pos}, not at ${end}`);
  return message;
}

function readValue({ type }: Field, reader: protobuf.Reader): unknown {
  switch (type) {
    case 'int32':
      return reader.int32();
    case 'int64':
      return Number(reader.int64().toString());
    case 'float':
      return reader.float();
    case 'string':
      return reader.string();
    case 'bytes':
      return reader.bytes();
    default: {
      const length = reader.uint32();
      return readMessage(type, reader, reader.pos + length);
    }
  }
}
