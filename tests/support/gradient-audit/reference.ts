import { inputTensors, runCase, sumWeights } from './evaluate-case.ts';
import type { GradientCase, Tfjs } from './gradient-case.ts';

/** Values and gradients of a case in float64; plain data, so that a page in a browser can receive them. */
export interface CaseReference {
  /** Values of the function. */
  readonly values: readonly number[];
  /** For each input, the gradient of the weighted sum of the values. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

/**
 * Step of the central differences. The inputs of all cases and the derivatives of their functions are of order 1. So cutting off
 * the series leaves an error of about step² = 1e-10, and rounding one of about 1e-16 / step = 1e-11.
 */
const step = 1e-5;

/**
 * Computes the values of a case, and its gradients by central differences.
 * @param tfjs the result of `loadFloat64Tfjs`
 */
export function referenceOf(tfjs: Tfjs, gradientCase: GradientCase): CaseReference {
  const { run, equivalent = run } = gradientCase;
  return tfjs.tidy(() => {
    const inputs = inputTensors(tfjs, gradientCase);
    const valuesAt = (changed: typeof inputs) =>
      tfjs.tidy(() => Array.from(runCase(tfjs, { run: equivalent }, { ...inputs, ...changed }).dataSync()));
    const values = valuesAt({});
    const weights = sumWeights(values.length);
    const slope = (name: string, index: number): number => {
      const { shape, values: point } = gradientCase.inputs[name]!;
      const [above, below] = [step, -step].map((change) => {
        const shifted = point.map((value, at) => (at === index ? value + change : value));
        const tensor = tfjs.tensor(shifted, [...shape]);
        const result = valuesAt({ [name]: tensor });
        tensor.dispose();
        return result;
      }) as [number[], number[]];
      return weights.reduce((sum, weight, at) => sum + weight * (above[at]! - below[at]!), 0) / (2 * step);
    };
    const gradients = Object.entries(gradientCase.inputs).map(
      ([name, input]) => [name, input.values.map((_, index) => slope(name, index))] as const,
    );
    return { values, gradients: Object.fromEntries(gradients) };
  });
}
