// One step of an optimiser on one parameter. Results may overwrite operands, because each vector is read before it is
// written.
import { at, loadLanes, storeLanes } from './lanes';
import { address, float, integer } from './parameters';

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
  const rate = f32x4.splat(float(p, 0));
  const momentum = f32x4.splat(float(p, 1));
  const decay = f32x4.splat(float(p, 2));
  const parameter = loadLanes<V>(address(p, 2) + place, lanes);
  const gradient = f32x4.add(loadLanes<V>(address(p, 3) + place, lanes), f32x4.mul(decay, parameter));
  const velocity = f32x4.add(f32x4.mul(momentum, loadLanes<V>(address(p, 4) + place, lanes)), gradient);
  let step = velocity;
  if (integer(p, 7)) step = f32x4.add(gradient, f32x4.mul(momentum, velocity));
  storeLanes<V>(address(p, 5) + place, f32x4.sub(parameter, f32x4.mul(rate, step)), lanes);
  storeLanes<V>(address(p, 6) + place, velocity, lanes);
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
  const beta1 = f32x4.splat(float(p, 0));
  const share1 = f32x4.splat(float(p, 1));
  const beta2 = f32x4.splat(float(p, 2));
  const share2 = f32x4.splat(float(p, 3));
  const keep = f32x4.splat(float(p, 4));
  const rate = f32x4.splat(float(p, 5));
  const correction = f32x4.splat(float(p, 6));
  const epsilon = f32x4.splat(float(p, 7));
  const parameter = loadLanes<V>(address(p, 2) + place, lanes);
  const g = loadLanes<V>(address(p, 3) + place, lanes);
  const m = f32x4.add(f32x4.mul(beta1, loadLanes<V>(address(p, 4) + place, lanes)), f32x4.mul(share1, g));
  const square = f32x4.mul(share2, f32x4.mul(g, g));
  const v = f32x4.add(f32x4.mul(beta2, loadLanes<V>(address(p, 5) + place, lanes)), square);
  const deviation = f32x4.add(f32x4.mul(f32x4.sqrt(v), correction), epsilon);
  const step = f32x4.mul(rate, f32x4.div(m, deviation));
  storeLanes<V>(address(p, 6) + place, f32x4.sub(f32x4.mul(keep, parameter), step), lanes);
  storeLanes<V>(address(p, 7) + place, m, lanes);
  storeLanes<V>(address(p, 8) + place, v, lanes);
}
