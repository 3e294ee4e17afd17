// The steps of inference plans without products of matrices.
import { at, loadSome, storeSome } from './lanes';
import { endPixel } from './step-end';
import { WindowedImage } from './windowed-image';

/** Parameters of `mapChunk`, in the order of src/plan-maps.ts. */
@unmanaged
class MapRows {
  /** `[rows, channels]`. */
  image: usize;
  rows: i32;
  channels: i32;
  /** First value of the results, and elements from one row to the next. */
  target: usize;
  targetStride: i32;
  /** `[channels]`; 0 for none. */
  scale: usize;
  bias: usize;
  /** Of the shape of the image; 0 for none. */
  residual: usize;
  slopes: usize;
  rowsPerChunk: i32;
}

/** Computes some rows of `activation(scale · x + bias + residual)`. */
export function mapChunk(p: usize, chunk: i32): void {
  const c = changetype<MapRows>(p);
  const end = min((chunk + 1) * c.rowsPerChunk, c.rows);
  for (let row = chunk * c.rowsPerChunk; row < end; row++) {
    const o = at(row * c.channels);
    const target = c.target + at(row * c.targetStride);
    if (c.scale == 0) memory.copy(target, c.image + o, at(c.channels));
    else scaleRow(c.image + o, c.scale, c.channels, target);
    endPixel(target, c.channels, c.bias, c.residual == 0 ? 0 : c.residual + o, c.slopes);
  }
}

function scaleRow(from: usize, scale: usize, channels: i32, target: usize): void {
  const end = at(channels & -4);
  for (let o: usize = 0; o < end; o += 16) {
    v128.store(target + o, f32x4.mul(v128.load(from + o), v128.load(scale + o)));
  }
  const rest = channels & 3;
  if (rest == 0) return;
  storeSome(target + end, f32x4.mul(loadSome(from + end, rest), loadSome(scale + end, rest)), rest);
}

/** Parameters of `averageChunk`, in the order of src/plan-maps.ts. Windows lie inside the image. */
@unmanaged
class Average extends WindowedImage {
  /** `[batch, gridHeight, gridWidth, channels]`. */
  target: usize;
  rowsPerChunk: i32;
}

/** Computes some rows of result pixels, counted over all images: the mean of each window. */
export function averageChunk(p: usize, chunk: i32): void {
  const c = changetype<Average>(p);
  const end = min((chunk + 1) * c.rowsPerChunk, c.batch * c.gridHeight);
  const factor: f32 = <f32>1 / <f32>(c.tapsY * c.tapsX);
  for (let row = chunk * c.rowsPerChunk; row < end; row++) {
    const image = row / c.gridHeight;
    const y = (row - image * c.gridHeight) * c.strideY;
    for (let gridX = 0; gridX < c.gridWidth; gridX++) {
      const pixel = (image * c.height + y) * c.width + gridX * c.strideX;
      const target = c.target + at((row * c.gridWidth + gridX) * c.channels);
      averageWindow(c, c.image + at(pixel * c.channels), factor, target);
    }
  }
}

function averageWindow(c: Average, from: usize, factor: f32, target: usize): void {
  const pixelBytes = at(c.channels);
  const scale = f32x4.splat(factor);
  for (let channel = 0; channel < c.channels; channel += 4) {
    const lanes = min(4, c.channels - channel);
    let sum = f32x4.splat(0);
    for (let tapY = 0; tapY < c.tapsY; tapY++) {
      let x = from + <usize>(tapY * c.width) * pixelBytes + at(channel);
      for (let tapX = 0; tapX < c.tapsX; tapX++) {
        sum = f32x4.add(sum, lanes == 4 ? v128.load(x) : loadSome(x, lanes));
        x += pixelBytes;
      }
    }
    const mean = f32x4.mul(sum, scale);
    if (lanes == 4) v128.store(target + at(channel), mean);
    else storeSome(target + at(channel), mean, lanes);
  }
}
