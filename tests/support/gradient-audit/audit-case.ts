import { describeBackend } from '@openset/core';
import { relativeError } from '@openset/testkit';
import type * as tf from '@tensorflow/tfjs-core';
import { inputTensors, runCase, sumWeights } from './evaluate-case.ts';
import type { GradientCase, Tfjs } from './gradient-case.ts';
import type { CaseReference } from './reference.ts';
import { restartBackend } from './restart-backend.ts';

/** Relative error, or the message of the error that was thrown. */
export type Finding = number | string;

/** What a backend does with a case. */
export interface CaseResult {
  readonly op: string;
  readonly variant: string;
  readonly values: Finding;
  /** By input. */
  readonly gradients: Readonly<Record<string, Finding>>;
  /** Whether `describeBackend` names an operation of the case as differentiated wrongly. */
  readonly isNamed: boolean;
}

/**
 * Largest relative error of a gradient, or of a function's values, that counts as right. Float32 leaves about 1e-6, and the
 * approximations of exp, erf or tanh on graphics processors up to 1e-4. Faults of gradients start at 1e-2.
 */
export const tolerance = 1e-3;

/** Runs a case and its gradients on the active backend, and compares them with the reference. */
export async function auditCase(
  tfjs: Tfjs,
  gradientCase: GradientCase,
  reference: CaseReference,
): Promise<CaseResult> {
  const { op, variant, inputs } = gradientCase;
  const compare = async (compute: () => tf.Tensor, expected: readonly number[]): Promise<Finding> => {
    try {
      const result = tfjs.tidy(compute);
      const actual = await result.data();
      result.dispose();
      return relativeError(actual, expected);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) await restartBackend(tfjs);
      return error instanceof Error ? error.message : String(error);
    }
  };
  const values = await compare(
    () => runCase(tfjs, gradientCase, inputTensors(tfjs, gradientCase)),
    reference.values,
  );
  const gradients: Record<string, Finding> = {};
  // One at a time, so that an input without a gradient does not hide a wrong gradient of another.
  for (const name of Object.keys(inputs)) {
    const gradient = () => {
      const all = inputTensors(tfjs, gradientCase);
      const weights = tfjs.tensor([...sumWeights(reference.values.length)]);
      const weightedSum = (x: tf.Tensor) =>
        tfjs.sum(tfjs.mul(runCase(tfjs, gradientCase, { ...all, [name]: x }), weights)) as tf.Scalar;
      return tfjs.grad(weightedSum)(all[name]!);
    };
    gradients[name] = await compare(gradient, reference.gradients[name]!);
  }
  const forward = () => runCase(tfjs, gradientCase, inputTensors(tfjs, gradientCase));
  const isNamed = typeof values === 'number' && describeBackend([], forward).wrongGradients.length > 0;
  return { op, variant, values, gradients, isNamed };
}
