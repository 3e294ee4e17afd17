// The filter gradient of depthwise convolutions. The loops process 4 vectors of 4 channels at a time.
import { Depthwise } from './depthwise';
import { at, multiplyAdd } from './lanes';

/** Sums the terms of the filter gradient over some rows of result pixels. Each chunk writes a part of its own. */
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
        // The first column with x · stride + shift ≥ 0, and the first with ≥ width.
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

/** Adds the products of `count` pixels of a row and their gradients to the sums of all channels. */
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
