// Packs operands of matrix products into panels.
import { at, transpose4x4 } from './lanes';

/**
 * Packs `lines` lines of a matrix into panels of `width` lines, `panelBytes` apart. In a panel, element k of all its
 * lines is contiguous. Missing lines of the last panel are zeros. Strides count elements.
 */
export function pack(
  width: i32,
  source: usize,
  lineStride: i32,
  innerStride: i32,
  lines: i32,
  inner: i32,
  target: usize,
  panelBytes: usize,
): void {
  const lineBytes = at(lineStride);
  const innerBytes = at(innerStride);
  let line = 0;
  if (lineStride == 1) {
    for (; line + 2 * width <= lines; line += 2 * width) {
      packTwoAcross(source + <usize>line * lineBytes, innerBytes, width, inner, target, target + panelBytes);
      target += 2 * panelBytes;
    }
  }
  for (; line < lines; line += width) {
    const present = min(width, lines - line);
    const from = source + <usize>line * lineBytes;
    if (present < width) packPartial(from, lineBytes, innerBytes, present, width, inner, target);
    else if (lineStride == 1) packAcross(from, innerBytes, width, inner, target);
    else if (innerStride == 1) packAlong(from, lineBytes, width, inner, target);
    else packPartial(from, lineBytes, innerBytes, width, width, inner, target);
    target += panelBytes;
  }
}

/** Packs adjacent lines by copying whole vectors. */
function packAcross(from: usize, innerBytes: usize, width: i32, inner: i32, target: usize): void {
  for (let k = 0; k < inner; k++) {
    for (let w: usize = 0; w < at(width); w += 16) v128.store(target + w, v128.load(from + w));
    from += innerBytes;
    target += at(width);
  }
}

/** Packs adjacent lines into two panels at a time, which reads each cache line once. */
function packTwoAcross(
  from: usize,
  innerBytes: usize,
  width: i32,
  inner: i32,
  first: usize,
  second: usize,
): void {
  const bytes = at(width);
  for (let k = 0; k < inner; k++) {
    for (let w: usize = 0; w < bytes; w += 16) {
      v128.store(first + w, v128.load(from + w));
      v128.store(second + w, v128.load(from + bytes + w));
    }
    from += innerBytes;
    first += bytes;
    second += bytes;
  }
}

/** Packs contiguous lines by transposing blocks of 4 × 4 in registers. */
function packAlong(from: usize, lineBytes: usize, width: i32, inner: i32, target: usize): void {
  const stepBytes = at(width);
  let k = 0;
  for (; k + 4 <= inner; k += 4) {
    for (let w = 0; w < width; w += 4) {
      const line = from + <usize>w * lineBytes + at(k);
      transpose4x4(line, lineBytes, target + <usize>k * stepBytes + at(w), stepBytes);
    }
  }
  for (; k < inner; k++) {
    for (let w = 0; w < width; w++) {
      store<f32>(target + <usize>k * stepBytes + at(w), load<f32>(from + <usize>w * lineBytes + at(k)));
    }
  }
}

/** Packs lines with any strides, and panels with missing lines. */
function packPartial(
  from: usize,
  lineBytes: usize,
  innerBytes: usize,
  present: i32,
  width: i32,
  inner: i32,
  target: usize,
): void {
  for (let k = 0; k < inner; k++) {
    for (let w = 0; w < width; w++) {
      const value: f32 = w < present ? load<f32>(from + <usize>w * lineBytes + <usize>k * innerBytes) : 0;
      store<f32>(target, value);
      target += 4;
    }
  }
}
