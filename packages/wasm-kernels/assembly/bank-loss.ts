// The steps of the loss over a bank for one block of classes: everything between the matrix products. The products
// leave `[batch, stride]` dot products of unit embeddings and raw bank rows; the steps turn them into logits, losses and
// gradients in place. `stride` is a multiple of 4, and the columns from `count` on are padding.
import { exponential, laneSum, logOnePlus } from './mathematics';

const minimumNorm: f64 = 1e-5;
/** Added to the cosine of what must not count: its exponential is 0. */
const excluded: f32 = -1e30;

// @ts-ignore: decorator
@inline
function at(index: i32): usize {
  return <usize>index << 2;
}

/**
 * For each of `count` rows: `1 / max(‖w‖, 1e-5)`, the same again where the gradient is projected (0 below the minimum), and
 * what is added to its cosines (0, or −1e30 for a row of zeros that is to be skipped). Padding gets 0 and −1e30.
 * Summed in float64, which neither overflows nor underflows for float32.
 */
export function bankNorms(
  rows: usize,
  count: i32,
  stride: i32,
  size: i32,
  inverse: usize,
  projection: usize,
  addend: usize,
  normalised: bool,
  skipEmpty: bool,
): void {
  for (let row = 0; row < stride; row++) {
    let factor: f64 = 0, project: f64 = 0;
    let extra: f32 = excluded;
    if (row < count) {
      const from = rows + at(row * size);
      let sum = f64x2.splat(0);
      let k = 0;
      for (; k + 4 <= size; k += 4) {
        const values = v128.load(from + at(k));
        const low = f64x2.promote_low_f32x4(values);
        const high = f64x2.promote_low_f32x4(v128.shuffle<i64>(values, values, 1, 0));
        sum = f64x2.add(sum, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
      }
      let squares = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
      for (; k < size; k++) {
        const value = <f64>load<f32>(from + at(k));
        squares += value * value;
      }
      const norm = Math.sqrt(squares);
      factor = normalised ? 1 / (norm > minimumNorm ? norm : minimumNorm) : 1;
      project = normalised && norm > minimumNorm ? factor : 0;
      extra = skipEmpty && squares == 0 ? excluded : 0;
    }
    store<f32>(inverse + at(row), <f32>factor);
    store<f32>(projection + at(row), <f32>project);
    store<f32>(addend + at(row), extra);
  }
}

/**
 * BCE of the negatives of a block: adds `λ softplus(z)` to the loss of each row (float64), and turns the dot products into
 * `dL/dcos · inverse`. Entries of the own class count nothing here.
 *
 * @param radial `[stride]` float32: receives `Σ_i dL/dcos · cos` of each class
 * @param biasSums `[stride]` float32: receives `Σ_i dL/dz` of each class
 */
export function bceNegatives(
  dots: usize,
  batch: i32,
  stride: i32,
  inverse: usize,
  addend: usize,
  bias: usize,
  rowWeights: usize,
  labels: usize,
  first: i32,
  count: i32,
  scale: f32,
  negativeWeight: f32,
  losses: usize,
  radial: usize,
  biasSums: usize,
): void {
  const zero = f32x4.splat(0), one = f32x4.splat(1), scales = f32x4.splat(scale);
  memory.fill(radial, 0, at(stride));
  memory.fill(biasSums, 0, at(stride));
  for (let row = 0; row < batch; row++) {
    const line = dots + at(row * stride);
    exclude(line, inverse, labels, row, first, count);
    const weight = f32x4.splat(load<f32>(rowWeights + at(row)) * negativeWeight);
    let loss = zero;
    for (let j = 0; j < stride; j += 4) {
      const o = at(j);
      const inverses = v128.load(inverse + o);
      const cosine = f32x4.add(f32x4.mul(v128.load(line + o), inverses), v128.load(addend + o));
      const z = f32x4.sub(f32x4.mul(scales, cosine), v128.load(bias + o));
      const e = exponential(f32x4.neg(f32x4.abs(z)));
      const quotient = f32x4.div(one, f32x4.add(one, e));
      const sigmoid = f32x4.mul(v128.bitselect(one, e, f32x4.ge(z, zero)), quotient);
      loss = f32x4.add(loss, f32x4.add(f32x4.max(z, zero), logOnePlus(e)));
      putGradient(f32x4.mul(weight, sigmoid), cosine, scales, inverses, line + o, radial + o, biasSums + o);
    }
    const total = losses + (<usize>row << 3);
    store<f64>(total, load<f64>(total) + <f64>laneSum(loss) * <f64>negativeWeight);
  }
}

/** From `dL/dz` of four entries: adds to the sums of their classes, and puts `dL/dcos · inverse` in the place of the dots. */
// @ts-ignore: decorator
@inline
function putGradient(
  slope: v128,
  cosine: v128,
  scales: v128,
  inverses: v128,
  entry: usize,
  radial: usize,
  biasSum: usize,
): void {
  const gradient = f32x4.mul(slope, scales);
  v128.store(biasSum, f32x4.add(v128.load(biasSum), slope));
  // Excluded entries have the gradient 0, but a cosine of −1e30.
  v128.store(radial, f32x4.add(v128.load(radial), f32x4.mul(gradient, cosine)));
  v128.store(entry, f32x4.mul(gradient, inverses));
}

/** Takes the entry of a row's own class out: its cosine becomes −1e30. */
// @ts-ignore: decorator
@inline
function exclude(line: usize, inverse: usize, labels: usize, row: i32, first: i32, count: i32): void {
  const own = load<i32>(labels + at(row)) - first;
  if (<u32>own >= <u32>count) return;
  // Finite, also for a row of enormous length: the entry's gradient 0 is multiplied by it.
  store<f32>(line + at(own), max<f32>(excluded / load<f32>(inverse + at(own)), -3e38));
}

/** Adds a block to each row's running log-sum-exp of the negatives: largest logit (float32) and sum relative to it (float64). */
export function softmaxSums(
  dots: usize,
  batch: i32,
  stride: i32,
  inverse: usize,
  addend: usize,
  bias: usize,
  labels: usize,
  first: i32,
  count: i32,
  scale: f32,
  largest: usize,
  sums: usize,
): void {
  const scales = f32x4.splat(scale);
  for (let row = 0; row < batch; row++) {
    const line = dots + at(row * stride);
    exclude(line, inverse, labels, row, first, count);
    let top = f32x4.splat(load<f32>(largest + at(row)));
    for (let j = 0; j < stride; j += 4) {
      const o = at(j);
      const cosine = f32x4.add(f32x4.mul(v128.load(line + o), v128.load(inverse + o)), v128.load(addend + o));
      const z = f32x4.sub(f32x4.mul(scales, cosine), v128.load(bias + o));
      v128.store(line + o, z);
      top = f32x4.max(top, z);
    }
    const left = max(f32x4.extract_lane(top, 0), f32x4.extract_lane(top, 1));
    const now = max(left, max(f32x4.extract_lane(top, 2), f32x4.extract_lane(top, 3)));
    const before = load<f32>(largest + at(row));
    let sum = f32x4.splat(0);
    for (let j = 0; j < stride; j += 4) {
      sum = f32x4.add(sum, exponential(f32x4.sub(v128.load(line + at(j)), f32x4.splat(now))));
    }
    const total = sums + (<usize>row << 3);
    const shift = f32x4.extract_lane(exponential(f32x4.splat(before - now)), 0);
    store<f64>(total, load<f64>(total) * <f64>shift + <f64>laneSum(sum));
    store<f32>(largest + at(row), now);
  }
}

/** Softmax of a block's negatives: turns the dot products into `dL/dcos · inverse`, with `p = exp(z − logSumExp)`. */
export function softmaxNegatives(
  dots: usize,
  batch: i32,
  stride: i32,
  inverse: usize,
  addend: usize,
  bias: usize,
  rowWeights: usize,
  labels: usize,
  first: i32,
  count: i32,
  scale: f32,
  logSumExp: usize,
  radial: usize,
  biasSums: usize,
): void {
  const scales = f32x4.splat(scale);
  memory.fill(radial, 0, at(stride));
  memory.fill(biasSums, 0, at(stride));
  for (let row = 0; row < batch; row++) {
    const line = dots + at(row * stride);
    exclude(line, inverse, labels, row, first, count);
    const weight = f32x4.splat(load<f32>(rowWeights + at(row)));
    const shift = f32x4.splat(load<f32>(logSumExp + at(row)));
    for (let j = 0; j < stride; j += 4) {
      const o = at(j);
      const inverses = v128.load(inverse + o);
      const cosine = f32x4.add(f32x4.mul(v128.load(line + o), inverses), v128.load(addend + o));
      const z = f32x4.sub(f32x4.mul(scales, cosine), v128.load(bias + o));
      const slope = f32x4.mul(weight, exponential(f32x4.sub(z, shift)));
      putGradient(slope, cosine, scales, inverses, line + o, radial + o, biasSums + o);
    }
  }
}

/** Takes the radial part out of a block's bank gradient: `dW_j −= radial_j / ‖w_j‖ · (w_j / ‖w_j‖)`. */
export function projectRows(
  gradient: usize,
  rows: usize,
  count: i32,
  size: i32,
  radial: usize,
  projection: usize,
): void {
  for (let row = 0; row < count; row++) {
    const inverse = load<f32>(projection + at(row));
    if (inverse == 0) continue;
    const factor = load<f32>(radial + at(row)) * inverse;
    const target = gradient + at(row * size), source = rows + at(row * size);
    const inverses = f32x4.splat(inverse), factors = f32x4.splat(factor);
    let k = 0;
    for (; k + 4 <= size; k += 4) {
      const unit = f32x4.mul(inverses, v128.load(source + at(k)));
      v128.store(target + at(k), f32x4.sub(v128.load(target + at(k)), f32x4.mul(factors, unit)));
    }
    for (; k < size; k++) {
      const unit = inverse * load<f32>(source + at(k));
      store<f32>(target + at(k), load<f32>(target + at(k)) - factor * unit);
    }
  }
}
