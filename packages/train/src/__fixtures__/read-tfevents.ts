import { crc32c } from '../logging/crc32c.ts';

/** An event read from a file: the fields that the logger writes. */
export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly version?: string;
  readonly sessionStatus?: number;
  readonly scalars?: Readonly<Record<string, number>>;
}

/** Reads an event file independently of the encoder and verifies its checksums. Stops at a truncated record. */
export function readEvents(bytes: Uint8Array): ReadEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const events: ReadEvent[] = [];
  for (let offset = 0; offset + 12 <= bytes.length; ) {
    const length = Number(view.getBigUint64(offset, true));
    if (offset + length + 16 > bytes.length) break;
    check(bytes.subarray(offset, offset + 8), view.getUint32(offset + 8, true));
    const data = bytes.subarray(offset + 12, offset + 12 + length);
    check(data, view.getUint32(offset + 12 + length, true));
    events.push(readEvent(data));
    offset += length + 16;
  }
  return events;
}

/** Unmasks the checksum and compares it with the data's. */
function check(data: Uint8Array, masked: number): void {
  const rotated = (masked - 0xa282ead8) >>> 0;
  const found = ((rotated >>> 17) | (rotated << 15)) >>> 0;
  if (found !== crc32c(data)) throw new Error(`checksum ${found}, but the data have ${crc32c(data)}`);
}

function readEvent(data: Uint8Array): ReadEvent {
  const [wallTime, step, version, summary, session] = [1, 2, 3, 5, 7].map(
    (field) => fieldsOf(data).get(field)?.[0],
  );
  const values = summary ? (fieldsOf(summary as Uint8Array).get(1) as Uint8Array[]) : [];
  const scalars = values.map((value) => {
    const fields = fieldsOf(value);
    return [text(fields.get(1)?.[0]), fields.get(2)?.[0] as number] as const;
  });
  return {
    wallTime: wallTime as number,
    step: step as number,
    ...(version ? { version: text(version) } : {}),
    ...(session ? { sessionStatus: fieldsOf(session as Uint8Array).get(1)?.[0] as number } : {}),
    ...(summary ? { scalars: Object.fromEntries(scalars) } : {}),
  };
}

type Field = number | Uint8Array;

function fieldsOf(data: Uint8Array): Map<number, Field[]> {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const fields = new Map<number, Field[]>();
  let offset = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = data[offset++] as number;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (offset < data.length) {
    const tag = varint();
    let field: Field;
    switch (tag & 7) {
      case 0:
        field = varint();
        break;
      case 1:
        field = view.getFloat64(offset, true);
        offset += 8;
        break;
      case 5:
        field = view.getFloat32(offset, true);
        offset += 4;
        break;
      default: {
        const length = varint();
        field = data.subarray(offset, offset + length);
        offset += length;
      }
    }
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), field]);
  }
  return fields;
}

function text(bytes: Field | undefined): string {
  return new TextDecoder().decode(bytes as Uint8Array);
}
