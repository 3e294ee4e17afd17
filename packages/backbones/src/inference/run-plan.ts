import type { InferencePlan, PlanStep } from '@openset/core';
import { computesInJavaScript } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { convolution } from '../ops/linear.ts';

type Convolution = Extract<PlanStep, { kind: 'convolution' }>;
type Depthwise = Extract<PlanStep, { kind: 'depthwise' }>;
type Ended = Convolution | Depthwise | Extract<PlanStep, { kind: 'map' }>;

/**
 * Runs a plan with operations of tfjs, on any backend. Its steps must have no borders (`hasBorders`).
 * @param images `[batch, height, width, channels]`
 * @returns `[batch, height, width, channels]` of the result
 */
export function runPlan(
  { steps, result }: InferencePlan,
  weights: readonly tf.Tensor[],
  images: tf.Tensor4D,
): tf.Tensor4D {
  return tf.tidy(() => {
    const maps = new Map<number, tf.Tensor4D>([[0, images]]);
    const lastReader = new Map(steps.flatMap((step, index) => mapsRead(step).map((map) => [map, index])));
    for (const [index, step] of steps.entries()) {
      maps.set(
        step.output,
        runStep(step, weights, (map) => maps.get(map)!),
      );
      for (const map of new Set(mapsRead(step))) {
        if (map !== 0 && lastReader.get(map) === index) maps.get(map)!.dispose();
      }
    }
    return maps.get(result)!;
  });
}

/** Returns the maps that a step reads. */
function mapsRead(step: PlanStep): number[] {
  if (step.kind === 'concatenate') return [...step.inputs];
  return 'residual' in step && step.residual !== null ? [step.input, step.residual] : [step.input];
}

function runStep(
  step: PlanStep,
  weights: readonly tf.Tensor[],
  mapAt: (map: number) => tf.Tensor4D,
): tf.Tensor4D {
  return tf.tidy(() => {
    if (step.kind === 'concatenate') return tf.concat(step.inputs.map(mapAt), 3);
    const x = mapAt(step.input);
    if (step.kind === 'average') {
      return step.window.size[0] === x.shape[1] && step.window.size[1] === x.shape[2]
        ? (tf.mean(x, [1, 2], true) as tf.Tensor4D)
        : tf.avgPool(x, [...step.window.size], step.window.stride, 'valid');
    }
    const weightAt = (index: number | null) => (index === null ? undefined : weights[index]!);
    const [bias, slopes] = [weightAt(step.bias), weightAt(step.slopes)];
    const residual = step.residual === null ? undefined : mapAt(step.residual);
    const end = { bias, slopes, residual };
    if (step.kind !== 'map' && !computesInJavaScript()) return runFused(step, x, weights[step.filter]!, end);
    return applyEnd(linearPart(step, x, weights), end);
  });
}

/** What follows the linear part of a step. */
interface End {
  readonly bias: tf.Tensor | undefined;
  readonly residual: tf.Tensor4D | undefined;
  readonly slopes: tf.Tensor | undefined;
}

function applyEnd(x: tf.Tensor4D, { bias, residual, slopes }: End): tf.Tensor4D {
  let sum = bias ? tf.add(x, bias) : x;
  if (residual) sum = tf.add(sum, residual);
  return (slopes ? tf.prelu(sum, tf.reshape(slopes, [1, 1, -1])) : sum) as tf.Tensor4D;
}

function linearPart(step: Ended, x: tf.Tensor4D, weights: readonly tf.Tensor[]): tf.Tensor4D {
  if (step.kind === 'map') return step.scale === null ? tf.clone(x) : tf.mul(x, weights[step.scale]!);
  const { stride, pad } = step.window;
  const filter = weights[step.filter] as tf.Tensor4D;
  if (step.kind === 'depthwise') return tf.depthwiseConv2d(padded(x, pad), filter, stride, 'valid');
  if (covers(step, x)) return asMap(tf.matMul(asRows(x), filterRows(filter)));
  return convolution(padded(x, pad), filter, { strides: [stride, stride], padding: 'valid' });
}

/** Computes bias and activation in the same kernel as the convolution, unless a sum comes between them. */
function runFused(step: Convolution | Depthwise, x: tf.Tensor4D, weight: tf.Tensor, end: End): tf.Tensor4D {
  const { bias, residual, slopes } = end;
  const activated = slopes !== undefined && residual === undefined;
  const { stride, pad } = step.window;
  const options = {
    ...(bias ? { bias } : {}),
    ...(activated ? { activation: 'prelu' as const, preluActivationWeights: slopes } : {}),
  };
  const rest = { bias: undefined, residual, slopes: activated ? undefined : slopes };
  if (step.kind === 'convolution' && covers(step, x)) {
    const product = tf.fused.matMul({ a: asRows(x), b: filterRows(weight), ...options });
    return applyEnd(asMap(product as tf.Tensor2D), rest);
  }
  const isSame = stride === 1 && pad > 0 && step.window.size.every((size) => size === 2 * pad + 1);
  const shared = {
    x: isSame ? x : padded(x, pad),
    filter: weight as tf.Tensor4D,
    strides: stride,
    pad: isSame ? ('same' as const) : ('valid' as const),
    ...options,
  };
  const run = step.kind === 'depthwise' ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
  return applyEnd(run(shared), rest);
}

/** Whether the window is the whole map, so that the convolution is a product of matrices. */
function covers({ window: { size, pad } }: Convolution, x: tf.Tensor4D): boolean {
  return pad === 0 && size[0] === x.shape[1] && size[1] === x.shape[2];
}

function padded(x: tf.Tensor4D, pad: number): tf.Tensor4D {
  if (pad === 0) return x;
  return tf.pad(x, [
    [0, 0],
    [pad, pad],
    [pad, pad],
    [0, 0],
  ]);
}

function asRows(x: tf.Tensor4D): tf.Tensor2D {
  return tf.reshape(x, [x.shape[0], -1]);
}

function filterRows(filter: tf.Tensor): tf.Tensor2D {
  return tf.reshape(filter, [-1, filter.shape[3]!]);
}

function asMap(rows: tf.Tensor2D): tf.Tensor4D {
  return tf.reshape(rows, [rows.shape[0], 1, 1, rows.shape[1]]);
}
