/** Height and width in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** Largest number of parts (OBU) that are read of all streams of a file; images have a few for each tile. */
export const maxAv1Parts = 65_536;
const sequenceHeader = 1;

/** Counts down the parts of streams that may be read. */
export interface PartBudget {
  left: number;
}

/**
 * Reads the sizes in all sequence headers of an AV1 stream (low-overhead format): no frame is larger than the last header before it.
 * Stops at the first part that cannot be read, as decoders do.
 *
 * @throws RangeError if the stream has more parts than `budget` allows
 */
export function readAv1Sizes(bytes: Uint8Array, budget: PartBudget): Size[] {
  const found: Size[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (budget.left-- <= 0) throw new RangeError('too many parts of AV1 streams');
    const first = bytes[at]!;
    at += first & 4 ? 2 : 1;
    let length = bytes.length - at;
    if (first & 2) {
      const field = readLeb128(bytes, at);
      if (!field) break;
      at = field.end;
      length = field.value;
    }
    if (((first >> 3) & 15) === sequenceHeader) {
      const size = readSequenceSize(bytes.subarray(at, at + length));
      if (size) found.push(size);
    }
    at += length;
  }
  return found;
}

/** Reads a number of groups of 7 bits, lowest first; null if it does not end. */
function readLeb128(bytes: Uint8Array, start: number): { value: number; end: number } | null {
  let value = 0;
  for (let index = 0; index < 8 && start + index < bytes.length; index++) {
    const byte = bytes[start + index]!;
    value += (byte & 127) * 2 ** (7 * index);
    if (byte < 128) return { value, end: start + index + 1 };
  }
  return null;
}

/** Reads the largest frame size of a sequence header (section 5.5 of the AV1 specification); null if it ends before. */
function readSequenceSize(bytes: Uint8Array): Size | null {
  let at = 0;
  const read = (count: number) => {
    let value = 0;
    for (let index = 0; index < count; index++, at++) {
      value = value * 2 + (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    }
    return value;
  };
  // Profile, still_picture.
  read(4);
  const isReduced = read(1) === 1;
  if (isReduced) read(5);
  else readOperatingPoints(read);
  const [widthBits, heightBits] = [read(4) + 1, read(4) + 1];
  const size = { width: read(widthBits) + 1, height: read(heightBits) + 1 };
  return at > bytes.length * 8 ? null : size;
}

/** Skips the times and the operating points of a sequence header. */
function readOperatingPoints(read: (count: number) => number): void {
  let delayBits = 0;
  if (read(1)) {
    // timing_info: two times, and whether all pictures take as long.
    read(64);
    if (read(1)) skipUvlc(read);
    if (read(1)) {
      delayBits = read(5) + 1;
      read(42);
    }
  }
  const hasDisplayDelay = read(1) === 1;
  const points = read(5) + 1;
  for (let point = 0; point < points; point++) {
    read(12);
    // The level, and the tier of high levels.
    if (read(5) > 7) read(1);
    if (delayBits > 0 && read(1)) read(2 * delayBits + 1);
    if (hasDisplayDelay && read(1)) read(4);
  }
}

/** Skips a number of variable length: zeros, a one, and as many bits as zeros. */
function skipUvlc(read: (count: number) => number): void {
  let zeros = 0;
  while (zeros < 32 && read(1) === 0) zeros++;
  if (zeros < 32) read(zeros);
}
