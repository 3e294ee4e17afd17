/**
 * Returns a copy of a WebAssembly binary that declares its memory, imported or its own, as shared between threads or as not
 * shared. That is one bit of the memory's limits. An engine accepts a memory only if its declaration matches.
 *
 * @throws Error if the binary has no memory, or one without the maximum that a shared memory needs
 */
export function withSharedMemory(binary: Uint8Array, shared: boolean): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(binary);
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

/** Returns the position of the flags in the limits of the first memory. */
function findMemoryFlags(bytes: Uint8Array): number {
  const reader = new Reader(bytes, 8);
  while (reader.position < bytes.length) {
    const section = reader.byte();
    const length = reader.number();
    const end = reader.position + length;
    const count = section === importSection || section === memorySection ? reader.number() : 0;
    if (section === memorySection && count > 0) return reader.position;
    for (let index = 0; index < count; index++) {
      // Skips the names of module and field.
      for (let name = 0; name < 2; name++) reader.skip(reader.number());
      const kind = reader.byte();
      if (kind === kinds.memory) return reader.position;
      if (kind === kinds.function) reader.number();
      else if (kind === kinds.table) reader.skipTable();
      else reader.skip(2);
    }
    reader.position = end;
  }
  throw new Error('The WebAssembly binary has no memory.');
}

/** Reads elements of the binary format. */
class Reader {
  position: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes;
    this.position = position;
  }

  byte(): number {
    return this.bytes[this.position++] as number;
  }

  /** Reads an unsigned number in LEB128. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
  }

  skip(count: number): void {
    this.position += count;
  }

  /** Skips element type, flags, minimum and optional maximum. */
  skipTable(): void {
    this.byte();
    const flags = this.byte();
    this.number();
    if (flags & hasMaximum) this.number();
  }
}
