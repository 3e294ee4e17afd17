// Depthwise convolutions with one filter for each channel. The input gradient is one of `dy`, with the taps in reverse
// order. The loops process 4 vectors of 4 channels at a time.
import { at, multiplyAdd } from './lanes';
import { endPixel } from './step-end';
import { WindowedImage } from './windowed-image';

/** Parameters of both tasks, in the order of src/native-depthwise.ts. Strides count elements. */
@unmanaged
export class Depthwise extends WindowedImage {
  /** Address and strides, over (tapY, tapX), of the filter or of its gradient, which has a part for each chunk. */
  filter: usize;
  filterTapY: i32;
  filterTapX: i32;
  /** Address and strides, over (image, row, column), of the results or of their gradient. */
  target: usize;
  targetImage: i32;
  targetRow: i32;
  targetColumn: i32;
  /** `[channels]`; 0 without a bias. */
  bias: usize;
  /** Rows of result pixels, counted over all images. */
  rowsPerChunk: i32;
  /** The end of a step of an inference plan (step-end.ts): a map of results, `[channels]`; 0 for none. */
  residual: usize;
  slopes: usize;
}

/** Computes some rows of result pixels. */
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
    // The column from which the windows of four results are no longer inside the image.
    const isDense = countY == 3 && c.tapsX == 3 && c.strideX == 1 && c.channels >= 4;
    const endOfFours = isDense ? min(c.gridWidth - 3, c.width - c.offsetX - 5) : 0;
    for (let gridX = 0; gridX < c.gridWidth; gridX++) {
      const x = gridX * c.strideX + c.offsetX;
      const firstX = max(-x, 0);
      const countX = min(c.tapsX, c.width - x) - firstX;
      const pixel = (image * c.height + y + firstY) * c.width + x + firstX;
      const from = c.image + at(pixel * c.channels);
      const filter = c.filter + at(firstY * c.filterTapY + firstX * c.filterTapX);
      if (gridX < endOfFours && firstX == 0) {
        fourWindowSums3x3(c, from, filter, target);
        target += 4 * at(c.targetColumn);
        gridX += 3;
        continue;
      }
      if (countY == 3 && countX == 3 && c.channels >= 4) windowSums3x3(c, from, filter, target);
      else windowSums(c, from, filter, countY, countX, target);
      target += at(c.targetColumn);
    }
    if (c.residual != 0 || c.slopes != 0) endRow(c, image, gridY);
  }
}

function endRow(c: Depthwise, image: i32, gridY: i32): void {
  const first = image * c.targetImage + gridY * c.targetRow;
  for (let gridX = 0; gridX < c.gridWidth; gridX++) {
    const o = at(first + gridX * c.targetColumn);
    endPixel(c.target + o, c.channels, 0, c.residual == 0 ? 0 : c.residual + o, c.slopes);
  }
}

/**
 * Computes `windowSums` for 3 × 3 taps inside the image and at least 4 channels. A load instruction for each tap lets the
 * processor prefetch, which is twice as fast on images larger than the cache.
 */
function windowSums3x3(c: Depthwise, from: usize, filter: usize, target: usize): void {
  const right = at(c.channels);
  const down = at(c.width * c.channels);
  const filterRight = at(c.filterTapX);
  const filterDown = at(c.filterTapY);
  const bytes = at(c.channels);
  for (let next: usize = 0; next < bytes; next += 16) {
    // The last vector may repeat some channels.
    const o = min(next, bytes - 16);
    let x = from + o;
    let w = filter + o;
    let sum = c.bias == 0 ? f32x4.splat(0) : v128.load(c.bias + o);
    sum = multiplyAdd(v128.load(x), v128.load(w), sum);
    sum = multiplyAdd(v128.load(x + right), v128.load(w + filterRight), sum);
    sum = multiplyAdd(v128.load(x + 2 * right), v128.load(w + 2 * filterRight), sum);
    x += down;
    w += filterDown;
    // A second sum, whose additions need not wait for those of the first.
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

/**
 * Computes `windowSums` for four neighbouring results with 3 × 3 taps inside the image, a stride of 1 and at least 4 channels. Each
 * vector of the image that is loaded counts for up to three results, and each of the filter for four.
 */
function fourWindowSums3x3(c: Depthwise, from: usize, filter: usize, target: usize): void {
  const right = at(c.channels);
  const down = at(c.width * c.channels);
  const filterRight = at(c.filterTapX);
  const filterDown = at(c.filterTapY);
  const targetRight = at(c.targetColumn);
  const bytes = at(c.channels);
  for (let next: usize = 0; next < bytes; next += 16) {
    // The last vector may repeat some channels.
    const o = min(next, bytes - 16);
    let x = from + o;
    let w = filter + o;
    let s0 = c.bias == 0 ? f32x4.splat(0) : v128.load(c.bias + o);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let tapY = 0; tapY < 3; tapY++) {
      const w0 = v128.load(w);
      const w1 = v128.load(w + filterRight);
      const w2 = v128.load(w + 2 * filterRight);
      s0 = multiplyAdd(v128.load(x), w0, s0);
      let value = v128.load(x + right);
      s0 = multiplyAdd(value, w1, s0);
      s1 = multiplyAdd(value, w0, s1);
      value = v128.load(x + 2 * right);
      s0 = multiplyAdd(value, w2, s0);
      s1 = multiplyAdd(value, w1, s1);
      s2 = multiplyAdd(value, w0, s2);
      value = v128.load(x + 3 * right);
      s1 = multiplyAdd(value, w2, s1);
      s2 = multiplyAdd(value, w1, s2);
      s3 = multiplyAdd(value, w0, s3);
      value = v128.load(x + 4 * right);
      s2 = multiplyAdd(value, w2, s2);
      s3 = multiplyAdd(value, w1, s3);
      s3 = multiplyAdd(v128.load(x + 5 * right), w2, s3);
      x += down;
      w += filterDown;
    }
    const result = target + o;
    v128.store(result, s0);
    v128.store(result + targetRight, s1);
    v128.store(result + 2 * targetRight, s2);
    v128.store(result + 3 * targetRight, s3);
  }
}

/** Computes all channels of one result from the taps inside the image, which start at `from`. */
function windowSums(c: Depthwise, from: usize, filter: usize, countY: i32, countX: i32, target: usize): void {
  const pixelBytes = at(c.channels);
  const tapBytes = at(c.filterTapX);
  // Bytes from the end of a row of taps to the next row.
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
