/** Format and size of an encoded image, from its first bytes. */
export interface ImageHeader {
  readonly format: 'jpeg' | 'png';
  readonly height: number;
  readonly width: number;
}

const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Reads the format and size of a JPEG or PNG file without decoding it; returns null for other or damaged files. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (pngSignature.every((value, index) => bytes[index] === value)) {
    if (bytes.length < 24) return null;
    return { format: 'png', width: view.getUint32(16), height: view.getUint32(20) };
  }
  return bytes[0] === 0xff && bytes[1] === 0xd8 ? readJpegHeader(view) : null;
}

/** Reads the size from the segment that begins the frame (SOF). */
function readJpegHeader(view: DataView): ImageHeader | null {
  for (const { marker, start } of jpegSegments(view)) {
    // 0xc4, 0xc8 and 0xcc are in the range of frame markers but define tables.
    if (marker < 0xc0 || marker > 0xcf || marker === 0xc4 || marker === 0xc8 || marker === 0xcc) continue;
    if (start + 9 > view.byteLength) return null;
    return { format: 'jpeg', height: view.getUint16(start + 5), width: view.getUint16(start + 7) };
  }
  return null;
}

/** Yields the segments of a JPEG file up to its first scan; a segment occupies the bytes `[start, end)`. */
export function* jpegSegments(view: DataView): Generator<{ marker: number; start: number; end: number }> {
  for (let start = 2; start + 4 <= view.byteLength; ) {
    if (view.getUint8(start) !== 0xff) return;
    const marker = view.getUint8(start + 1);
    // Fill bytes, and markers without content.
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      start += marker === 0xff ? 1 : 2;
      continue;
    }
    const end = start + 2 + view.getUint16(start + 2);
    yield { marker, start, end };
    if (marker === 0xda) return;
    start = end;
  }
}
