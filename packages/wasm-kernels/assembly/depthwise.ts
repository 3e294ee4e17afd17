// Depthwise convolutions with one filter for each channel: the forward one and, as windows of `dy` with the taps in
// reverse order, the gradient by the input; and the gradient by the filter. Vectors of 4 channels, 4 vectors at a time.
import { at } from './lanes';
import { multiplyAdd } from './tile';
import { WindowedImage } from './windowed-image';

/** The parameters of both tasks; strides count elements. src/native-depthwise.ts writes them in this order. */
@unmanaged
class Depthwise extends WindowedImage {
  /** Element (tapY, tapX, 0) of the filter, or for each chunk of its gradient, lies at these multiples. */
  filter: usize;
  filterTapY: i32;
  filterTapX: i32;
  /** Element (image, row, column, 0) of the results, or of the gradient that is given, lies at these multiples. */
  target: usize;
  targetImage: i32;
  targetRow: i32;
  targetColumn: i32;
  /** `[channels]`; 0: none. */
  bias: usize;
  /** Rows of results, counted over all images. */
  rowsPerChunk: i32;
}

/** Some rows of results. */
export function depthwiseChunk(p: usize, chunk: i32): void {
  const c = changetype<Depthwise>(p);
  const end = min((chunk + 1) * c.rowsPerChunk, c.batch * c.gridHeight);
  for (let row = chunk * c.rowsPerChunk; row < end; row++) {
    const image = row / c.gridHeight;
    const gridY = row - image * c.gridHeight;
    const y = gridY * c.strideY + c.offsetY;
    const firstY = max(-y, 0);
    const countY = min(c.tapsY, c.height - y) - firstY;
    let target = c.target + at(image * c.targetImage + gridY * c.targetRow);
    for (let gridX = 0; gridX < c.gridWidth; gridX++) {
      const x = gridX * c.strideX + c.offsetX;
      const firstX = max(-x, 0);
      const countX = min(c.tapsX, c.width - x) - firstX;
      const pixel = (image * c.height + y + firstY) * c.width + x + firstX;
      const from = c.image + at(pixel * c.channels);
      const filter = c.filter + at(firstY * c.filterTapY + firstX * c.filterTapX);
      if (countY == 3 && countX == 3 && c.channels >= 4) windowSums3x3(c, from, filter, target);
      else windowSums(c, from, filter, countY, countX, target);
      target += at(c.targetColumn);
    }
  }
}

/**
 * `windowSums` of 3 × 3 taps inside of the image, for 4 channels and more. With a load instruction for each tap the
 * processor foresees what is read next, which on images beyond the cache is twice as fast.
 */
function windowSums3x3(c: Depthwise, from: usize, filter: usize, target: usize): void {
  const right = at(c.channels);
  const down = at(c.width * c.channels);
  const filterRight = at(c.filterTapX);
  const filterDown = at(c.filterTapY);
  const bytes = at(c.channels);
  for (let next: usize = 0; next < bytes; next += 16) {
    // The last vector may take some channels once more.
    const o = min(next, bytes - 16);
    let x = from + o;
    let w = filter + o;
    let sum = c.bias == 0 ? f32x4.splat(0) : v128.load(c.bias + o);
    sum = multiplyAdd(v128.load(x), v128.load(w), sum);
    sum = multiplyAdd(v128.load(x + right), v128.load(w + filterRight), sum);
    sum = multiplyAdd(v128.load(x + 2 * right), v128.load(w + 2 * filterRight), sum);
    x += down;
    w += filterDown;
    // A second sum: its additions need not wait for those of the first.
    let other = f32x4.mul(v128.load(x), v128.load(w));
    other = multiplyAdd(v128.load(x + right), v128.load(w + filterRight), other);
    other = multiplyAdd(v128.load(x + 2 * right), v128.load(w + 2 * filterRight), other);
    x += down;
    w += filterDown;
    sum = multiplyAdd(v128.load(x), v128.load(w), sum);
    other = multiplyAdd(v128.load(x + right), v128.load(w + filterRight), other);
    sum = multiplyAdd(v128.load(x + 2 * right), v128.load(w + 2 * filterRight), sum);
    v128.store(target + o, f32x4.add(sum, other));
  }
}

/** The result for all channels of a window that begins at `from`, with the taps that lie inside of the image. */
function windowSums(c: Depthwise, from: usize, filter: usize, countY: i32, countX: i32, target: usize): void {
  const pixelBytes = at(c.channels);
  const tapBytes = at(c.filterTapX);
  // From the end of a row of taps to the next one.
  const rowBytes = at(c.width * c.channels) - <usize>countX * pixelBytes;
  const tapRowBytes = at(c.filterTapY) - <usize>countX * tapBytes;
  const end = countX > 0 ? countY : 0;
  const zero = f32x4.splat(0);
  const bias = c.bias;
  let channel = 0;
  for (; channel + 16 <= c.channels; channel += 16) {
    const o = at(channel);
    let s0 = zero;
    let s1 = zero;
    let s2 = zero;
    let s3 = zero;
    if (bias != 0) {
      s0 = v128.load(bias + o);
      s1 = v128.load(bias + o, 16);
      s2 = v128.load(bias + o, 32);
      s3 = v128.load(bias + o, 48);
    }
    let x = from + o;
    let w = filter + o;
    for (let tapY = 0; tapY < end; tapY++) {
      for (let tapX = 0; tapX < countX; tapX++) {
        s0 = multiplyAdd(v128.load(x), v128.load(w), s0);
        s1 = multiplyAdd(v128.load(x, 16), v128.load(w, 16), s1);
        s2 = multiplyAdd(v128.load(x, 32), v128.load(w, 32), s2);
        s3 = multiplyAdd(v128.load(x, 48), v128.load(w, 48), s3);
        x += pixelBytes;
        w += tapBytes;
      }
      x += rowBytes;
      w += tapRowBytes;
    }
    v128.store(target + o, s0);
    v128.store(target + o, s1, 16);
    v128.store(target + o, s2, 32);
    v128.store(target + o, s3, 48);
  }
  for (; channel + 4 <= c.channels; channel += 4) {
    const o = at(channel);
    let sum = bias == 0 ? zero : v128.load(bias + o);
    let x = from + o;
    let w = filter + o;
    for (let tapY = 0; tapY < end; tapY++) {
      for (let tapX = 0; tapX < countX; tapX++) {
        sum = multiplyAdd(v128.load(x), v128.load(w), sum);
        x += pixelBytes;
        w += tapBytes;
      }
      x += rowBytes;
      w += tapRowBytes;
    }
    v128.store(target + o, sum);
  }
  for (; channel < c.channels; channel++) {
    const o = at(channel);
    let sum: f32 = bias == 0 ? 0 : load<f32>(bias + o);
    let x = from + o;
    let w = filter + o;
    for (let tapY = 0; tapY < end; tapY++) {
      for (let tapX = 0; tapX < countX; tapX++) {
        sum += load<f32>(x) * load<f32>(w);
        x += pixelBytes;
        w += tapBytes;
      }
      x += rowBytes;
      w += tapRowBytes;
    }
    store<f32>(target + o, sum);
  }
}

/** What some rows of results add to the gradient by the filter: a part of its own for each chunk. */
export function depthwiseGradientChunk(p: usize, chunk: i32): void {
  const c = changetype<Depthwise>(p);
  const size = at(c.tapsY * c.tapsX * c.channels);
  const sums = c.filter + <usize>chunk * size;
  memory.fill(sums, 0, size);
  const end = min((chunk + 1) * c.rowsPerChunk, c.batch * c.gridHeight);
  for (let row = chunk * c.rowsPerChunk; row < end; row++) {
    const image = row / c.gridHeight;
    const gridY = row - image * c.gridHeight;
    const gradient = c.target + at(image * c.targetImage + gridY * c.targetRow);
    for (let tapY = 0; tapY < c.tapsY; tapY++) {
      const y = gridY * c.strideY + c.offsetY + tapY;
      if (<u32>y >= <u32>c.height) continue;
      for (let tapX = 0; tapX < c.tapsX; tapX++) {
        // The first results with x · stride + shift ≥ 0, and ≥ width.
        const shift = c.offsetX + tapX;
        const first = shift < 0 ? (c.strideX - 1 - shift) / c.strideX : 0;
        const last = c.width > shift ? min((c.width - shift + c.strideX - 1) / c.strideX, c.gridWidth) : 0;
        if (first >= last) continue;
        const pixel = (image * c.height + y) * c.width + first * c.strideX + shift;
        const from = c.image + at(pixel * c.channels);
        const target = sums + at(tapY * c.filterTapY + tapX * c.filterTapX);
        addProducts(c, from, gradient + at(first * c.targetColumn), last - first, target);
      }
    }
  }
}

/** Adds the products of some pixels of a row and their gradients to the sums of all channels. */
function addProducts(c: Depthwise, from: usize, gradient: usize, count: i32, sums: usize): void {
  const pixelBytes = at(c.strideX * c.channels);
  const gradientBytes = at(c.targetColumn);
  let channel = 0;
  for (; channel + 16 <= c.channels; channel += 16) {
    const o = at(channel);
    const s = sums + o;
    let s0 = v128.load(s);
    let s1 = v128.load(s, 16);
    let s2 = v128.load(s, 32);
    let s3 = v128.load(s, 48);
    let x = from + o;
    let g = gradient + o;
    for (let i = 0; i < count; i++) {
      s0 = multiplyAdd(v128.load(x), v128.load(g), s0);
      s1 = multiplyAdd(v128.load(x, 16), v128.load(g, 16), s1);
      s2 = multiplyAdd(v128.load(x, 32), v128.load(g, 32), s2);
      s3 = multiplyAdd(v128.load(x, 48), v128.load(g, 48), s3);
      x += pixelBytes;
      g += gradientBytes;
    }
    v128.store(s, s0);
    v128.store(s, s1, 16);
    v128.store(s, s2, 32);
    v128.store(s, s3, 48);
  }
  for (; channel + 4 <= c.channels; channel += 4) {
    const s = sums + at(channel);
    let sum = v128.load(s);
    let x = from + at(channel);
    let g = gradient + at(channel);
    for (let i = 0; i < count; i++) {
      sum = multiplyAdd(v128.load(x), v128.load(g), sum);
      x += pixelBytes;
      g += gradientBytes;
    }
    v128.store(s, sum);
  }
  for (; channel < c.channels; channel++) {
    const s = sums + at(channel);
    let sum = load<f32>(s);
    let x = from + at(channel);
    let g = gradient + at(channel);
    for (let i = 0; i < count; i++) {
      sum += load<f32>(x) * load<f32>(g);
      x += pixelBytes;
      g += gradientBytes;
    }
    store<f32>(s, sum);
  }
}
