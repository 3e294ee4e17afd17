import { readExifOrientation } from './tiff-directory.ts';

/** Yields the chunks of a PNG file; a chunk occupies the bytes `[start, end)`, its content 8 more and 4 fewer. */
export function* pngChunks(view: DataView): Generator<{ name: string; start: number; end: number }> {
  for (let start = 8; start + 12 <= view.byteLength; ) {
    const end = start + 12 + view.getUint32(start);
    const name = String.fromCharCode(...[4, 5, 6, 7].map((offset) => view.getUint8(start + offset)));
    yield { name, start, end };
    start = end;
  }
}

/**
 * Reads the header of a PNG file.
 * @throws RangeError if the file ends before its size
 */
export function readPngHeader(view: DataView) {
  const [depth, colourType] = [view.getUint8(24), view.getUint8(25)];
  let orientation = 1;
  let hasAlpha = colourType === 4 || colourType === 6;
  for (const { name, start, end } of pngChunks(view)) {
    if (name === 'tRNS') hasAlpha = true;
    if (name === 'eXIf') orientation = readExifOrientation(view, start + 8, end - 4);
  }
  return {
    width: view.getUint32(16),
    height: view.getUint32(20),
    orientation,
    isOpaque8Bit: depth === 8 && colourType !== 3 && !hasAlpha,
    isCmyk: false,
  };
}

/** Checks whether a PNG file has its last chunk. */
export function hasPngEnd(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return [...pngChunks(view)].some(({ name, end }) => name === 'IEND' && end <= bytes.length);
}
