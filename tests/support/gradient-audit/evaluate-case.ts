import type * as tf from '@tensorflow/tfjs-core';
import { type GradientCase, spread, type Tfjs } from './gradient-case.ts';

/** Returns the tensors of a case's inputs. */
export function inputTensors(tfjs: Tfjs, { inputs }: GradientCase): Record<string, tf.Tensor> {
  const tensors = Object.entries(inputs).map(([name, { shape, values }]) => {
    return [name, tfjs.tensor([...values], [...shape], 'float32')] as const;
  });
  return Object.fromEntries(tensors);
}

/** Returns all values of a case as one vector. */
export function runCase(
  tfjs: Tfjs,
  { run }: Pick<GradientCase, 'run'>,
  inputs: Record<string, tf.Tensor>,
): tf.Tensor {
  const result = run(tfjs, inputs);
  const parts = (Array.isArray(result) ? result : [result]).map((part) => tfjs.reshape(part, [-1]));
  return parts.length === 1 ? parts[0]! : tfjs.concat(parts);
}

/** Returns the weights of the sum that turns the values of a case into one number. */
export function sumWeights(size: number): readonly number[] {
  return spread([size]).values;
}
