/** What a BMP file holds. */
export interface BmpContent {
  readonly width: number;
  /** Negative: rows from top to bottom. */
  readonly height: number;
  readonly depth: number;
  /** Bytes of the pixels, with padded rows; in the order of the file. */
  readonly pixels: readonly number[];
  readonly compression?: number;
  /** Red, green and blue of each colour. */
  readonly palette?: readonly (readonly [number, number, number])[];
  /** Masks of red, green, blue and perhaps alpha, for the compressions 3 and 6. */
  readonly masks?: readonly number[];
  /** 40 (default), 108 and 124 for Windows, 12 for OS/2. */
  readonly headerLength?: number;
}

/** Returns a BMP file. */
export function bmpFile(content: BmpContent): Uint8Array {
  const {
    width,
    height,
    depth,
    pixels,
    compression = 0,
    palette = [],
    masks = [],
    headerLength = 40,
  } = content;
  const isOld = headerLength === 12;
  const header = Buffer.alloc(headerLength);
  header.writeUInt32LE(headerLength, 0);
  if (isOld) {
    header.writeUInt16LE(width, 4);
    header.writeUInt16LE(height, 6);
    header.writeUInt16LE(1, 8);
    header.writeUInt16LE(depth, 10);
  } else {
    header.writeInt32LE(width, 4);
    header.writeInt32LE(height, 8);
    header.writeUInt16LE(1, 12);
    header.writeUInt16LE(depth, 14);
    header.writeUInt32LE(compression, 16);
  }
  const fields = Buffer.alloc(masks.length * 4);
  masks.forEach((mask, index) => {
    // Longer headers hold the masks.
    if (headerLength > 40) header.writeUInt32LE(mask, 40 + index * 4);
    else fields.writeUInt32LE(mask, index * 4);
  });
  const after = headerLength > 40 ? Buffer.alloc(0) : fields;
  const colours = palette.flatMap(([red, green, blue]) => [blue, green, red, ...(isOld ? [] : [0])]);
  const start = 14 + headerLength + after.length + colours.length;
  const file = Buffer.alloc(14);
  file.write('BM', 'latin1');
  file.writeUInt32LE(start + pixels.length, 2);
  file.writeUInt32LE(start, 10);
  return new Uint8Array(Buffer.concat([file, header, after, Uint8Array.from([...colours, ...pixels])]));
}
