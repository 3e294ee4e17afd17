// One step of an optimiser on one parameter. The results may lie where operands lie: each vector is read before it is
// written.
import { at, loadLanes, storeLanes } from './lanes';
import { address, float, integer } from './parameters';

/**
 * `g = gradient + weightDecay · parameter`, `v = momentum · velocity + g`, `parameter − learningRate · v`, or with Nesterov's
 * momentum `g + momentum · v` in place of `v`. Words: count, elements of a chunk, parameter, gradient, velocity, new parameter,
 * new velocity, Nesterov. Floats: learning rate, momentum, weight decay.
 */
export function sgdStepChunk(p: usize, chunk: i32): void {
  const parameters = address(p, 2), gradients = address(p, 3), velocities = address(p, 4);
  const newParameters = address(p, 5), newVelocities = address(p, 6), nesterov = integer(p, 7) != 0;
  const rate = f32x4.splat(float(p, 0)), momentum = f32x4.splat(float(p, 1)), decay = f32x4.splat(float(p, 2));
  const first = chunk * integer(p, 1), end = min(integer(p, 0), first + integer(p, 1));
  for (let index = first; index < end; index += 4) {
    const lanes = min(4, end - index), o = at(index);
    const parameter = loadLanes(parameters + o, lanes);
    const gradient = f32x4.add(loadLanes(gradients + o, lanes), f32x4.mul(decay, parameter));
    const velocity = f32x4.add(f32x4.mul(momentum, loadLanes(velocities + o, lanes)), gradient);
    const step = nesterov ? f32x4.add(gradient, f32x4.mul(momentum, velocity)) : velocity;
    storeLanes(newVelocities + o, velocity, lanes);
    storeLanes(newParameters + o, f32x4.sub(parameter, f32x4.mul(rate, step)), lanes);
  }
}

/**
 * AdamW: `m = β₁ m + (1 − β₁) g`, `v = β₂ v + (1 − β₂) g²`, `p · keep − rate · m / (√v · correction + ε)`. Words: count, elements
 * of a chunk, parameter, gradient, first and second moment, new parameter, new first and second moment. Floats: β₁, 1 − β₁,
 * β₂, 1 − β₂, keep, rate, correction, ε.
 */
export function adamWStepChunk(p: usize, chunk: i32): void {
  const parameters = address(p, 2), gradients = address(p, 3), firsts = address(p, 4), seconds = address(p, 5);
  const newParameters = address(p, 6), newFirsts = address(p, 7), newSeconds = address(p, 8);
  const beta1 = f32x4.splat(float(p, 0)), share1 = f32x4.splat(float(p, 1));
  const beta2 = f32x4.splat(float(p, 2)), share2 = f32x4.splat(float(p, 3));
  const keep = f32x4.splat(float(p, 4)), rate = f32x4.splat(float(p, 5));
  const correction = f32x4.splat(float(p, 6)), epsilon = f32x4.splat(float(p, 7));
  const start = chunk * integer(p, 1), end = min(integer(p, 0), start + integer(p, 1));
  for (let index = start; index < end; index += 4) {
    const lanes = min(4, end - index), o = at(index);
    const g = loadLanes(gradients + o, lanes);
    const first = f32x4.add(f32x4.mul(beta1, loadLanes(firsts + o, lanes)), f32x4.mul(share1, g));
    const square = f32x4.mul(share2, f32x4.mul(g, g));
    const second = f32x4.add(f32x4.mul(beta2, loadLanes(seconds + o, lanes)), square);
    const deviation = f32x4.add(f32x4.mul(f32x4.sqrt(second), correction), epsilon);
    const step = f32x4.mul(rate, f32x4.div(first, deviation));
    const parameter = f32x4.sub(f32x4.mul(keep, loadLanes(parameters + o, lanes)), step);
    storeLanes(newParameters + o, parameter, lanes);
    storeLanes(newFirsts + o, first, lanes);
    storeLanes(newSeconds + o, second, lanes);
  }
}
