/**
 * A copy of a WebAssembly binary whose one memory, imported or its own, is declared as shared between threads, or as not
 * shared: one bit of its limits. An engine takes a memory only where it is declared as it was made.
 *
 * @throws Error if the binary has no memory, or one without the maximum that a shared memory needs
 */
export function withSharedMemory(binary: Uint8Array, shared: boolean): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(binary);
  const flags = findMemoryFlags(bytes);
  const limits = bytes[flags] as number;
  if (shared && (limits & hasMaximum) === 0) {
    throw new Error('The WebAssembly memory has no maximum, so it cannot be shared between threads.');
  }
  bytes[flags] = shared ? limits | isShared : limits & ~isShared;
  return bytes;
}

const hasMaximum = 1;
const isShared = 2;
const importSection = 2;
const memorySection = 5;
const kinds = { function: 0, table: 1, memory: 2 };

/** Where the flags of the limits of the first memory stand. */
function findMemoryFlags(bytes: Uint8Array): number {
  const reader = new Reader(bytes, 8);
  while (reader.place < bytes.length) {
    const section = reader.byte();
    const length = reader.number();
    const end = reader.place + length;
    const count = section === importSection || section === memorySection ? reader.number() : 0;
    if (section === memorySection && count > 0) return reader.place;
    for (let index = 0; index < count; index++) {
      // The names of module and field.
      for (let name = 0; name < 2; name++) reader.skip(reader.number());
      const kind = reader.byte();
      if (kind === kinds.memory) return reader.place;
      if (kind === kinds.function) reader.number();
      else if (kind === kinds.table) reader.skipTable();
      else reader.skip(2);
    }
    reader.place = end;
  }
  throw new Error('The WebAssembly binary has no memory.');
}

/** Reads the parts of the binary format. */
class Reader {
  place: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, place: number) {
    this.bytes = bytes;
    this.place = place;
  }

  byte(): number {
    return this.bytes[this.place++] as number;
  }

  /** An unsigned number in LEB128. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
  }

  skip(count: number): void {
    this.place += count;
  }

  /** Element type, flags, minimum and, where there is one, maximum. */
  skipTable(): void {
    this.byte();
    const flags = this.byte();
    this.number();
    if (flags & hasMaximum) this.number();
  }
}
