// One step of an optimiser on one parameter. Results may overwrite operands, because each vector is read before it is
// written.
import { at, loadLanes, storeLanes } from './lanes';
import { address, float, floats, integer } from './parameters';

/**
 * SGD: `g = gradient + weightDecay · parameter`, `v = momentum · velocity + g`, `parameter − learningRate · v`.
 * Nesterov's momentum replaces the last `v` with `g + momentum · v`. Words: count, elements of a chunk, parameter,
 * gradient, velocity, new parameter, new velocity, Nesterov. Floats: learning rate, momentum, weight decay.
 */
export function sgdStepChunk(p: usize, chunk: i32): void {
  const first = chunk * integer(p, 1);
  const count = min(integer(p, 1), integer(p, 0) - first);
  const rest = count & 3;
  let place = at(first);
  for (const end = place + at(count - rest); place < end; place += 16) sgdStep<v128>(p, place, 4);
  if (rest) sgdStep<f32>(p, place, rest);
}

// @inline
function sgdStep<V>(p: usize, place: usize, lanes: i32): void {
  sgdValues<V>(
    f32x4.splat(float(p, 0)),
    f32x4.splat(float(p, 1)),
    f32x4.splat(float(p, 2)),
    integer(p, 7) != 0,
    loadLanes<V>(address(p, 3) + place, lanes),
    loadLanes<V>(address(p, 2) + place, lanes),
    loadLanes<V>(address(p, 4) + place, lanes),
    address(p, 5) + place,
    address(p, 6) + place,
    lanes,
  );
}

/** Computes a step of SGD for up to four values. Also used by the loss over a bank. */
// @inline
export function sgdValues<V>(
  rate: v128,
  momentum: v128,
  decay: v128,
  isNesterov: bool,
  slope: v128,
  parameter: v128,
  oldVelocity: v128,
  newParameter: usize,
  newVelocity: usize,
  lanes: i32,
): void {
  const gradient = f32x4.add(slope, f32x4.mul(decay, parameter));
  const velocity = f32x4.add(f32x4.mul(momentum, oldVelocity), gradient);
  let step = velocity;
  if (isNesterov) step = f32x4.add(gradient, f32x4.mul(momentum, velocity));
  storeLanes<V>(newParameter, f32x4.sub(parameter, f32x4.mul(rate, step)), lanes);
  storeLanes<V>(newVelocity, velocity, lanes);
}

/**
 * AdamW: `m = β₁ m + (1 − β₁) g`, `v = β₂ v + (1 − β₂) g²`, `p · keep − rate · m / (√v · correction + ε)`. Words:
 * count, elements of a chunk, parameter, gradient, first and second moment, new parameter, new first and second moment.
 * Floats: β₁, 1 − β₁, β₂, 1 − β₂, keep, rate, correction, ε.
 */
export function adamWStepChunk(p: usize, chunk: i32): void {
  const first = chunk * integer(p, 1);
  const count = min(integer(p, 1), integer(p, 0) - first);
  const rest = count & 3;
  let place = at(first);
  for (const end = place + at(count - rest); place < end; place += 16) adamWStep<v128>(p, place, 4);
  if (rest) adamWStep<f32>(p, place, rest);
}

// @inline
function adamWStep<V>(p: usize, place: usize, lanes: i32): void {
  adamWValues<V>(
    floats(p),
    loadLanes<V>(address(p, 3) + place, lanes),
    loadLanes<V>(address(p, 2) + place, lanes),
    address(p, 4) + place,
    address(p, 5) + place,
    address(p, 6) + place,
    address(p, 7) + place,
    address(p, 8) + place,
    lanes,
  );
}

/** Computes a step of AdamW for up to four values. Also used by the loss over a bank. */
// @inline
export function adamWValues<V>(
  numbers: usize,
  g: v128,
  parameter: v128,
  oldFirst: usize,
  oldSecond: usize,
  newParameter: usize,
  newFirst: usize,
  newSecond: usize,
  lanes: i32,
): void {
  // Measured: AdamW takes 5 to 9 % longer with `v128.load32_splat`.
  const beta1 = f32x4.splat(load<f32>(numbers));
  const share1 = f32x4.splat(load<f32>(numbers, 4));
  const beta2 = f32x4.splat(load<f32>(numbers, 8));
  const share2 = f32x4.splat(load<f32>(numbers, 12));
  const keep = f32x4.splat(load<f32>(numbers, 16));
  const rate = f32x4.splat(load<f32>(numbers, 20));
  const correction = f32x4.splat(load<f32>(numbers, 24));
  const epsilon = f32x4.splat(load<f32>(numbers, 28));
  const m = f32x4.add(f32x4.mul(beta1, loadLanes<V>(oldFirst, lanes)), f32x4.mul(share1, g));
  const square = f32x4.mul(share2, f32x4.mul(g, g));
  const v = f32x4.add(f32x4.mul(beta2, loadLanes<V>(oldSecond, lanes)), square);
  const deviation = f32x4.add(f32x4.mul(f32x4.sqrt(v), correction), epsilon);
  const step = f32x4.mul(rate, f32x4.div(m, deviation));
  storeLanes<V>(newParameter, f32x4.sub(f32x4.mul(keep, parameter), step), lanes);
  storeLanes<V>(newFirst, m, lanes);
  storeLanes<V>(newSecond, v, lanes);
}
