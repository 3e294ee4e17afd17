import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { auditCase, type CaseResult } from './audit-case.ts';
import { auditText } from './audit-lines.ts';
import { loadFloat64Tfjs } from './float64-tfjs.ts';
import { type GradientCase, spread, type Tfjs } from './gradient-case.ts';
import { caseOutcome, outcomeText } from './outcomes.ts';
import { referenceOf } from './reference.ts';

let float64: Tfjs;
beforeAll(async () => {
  await tf.setBackend('cpu');
  float64 = loadFloat64Tfjs();
});

const x = { shape: [3], values: [0.5, -1.25, 2] };
const caseOf = (run: GradientCase['run'], inputs: GradientCase['inputs'] = { x }): GradientCase => ({
  op: 'cube',
  variant: 'of x',
  inputs,
  run,
});
const audit = (gradientCase: GradientCase) => auditCase(tf, gradientCase, referenceOf(float64, gradientCase));

describe('referenceOf', () => {
  it('computes values and gradients in float64', () => {
    const thirds = caseOf((tfjs, { x: input }) => tfjs.pow(tfjs.div(input, 3), 3));
    const { values, gradients } = referenceOf(float64, thirds);
    const weights = spread([3]).values;
    x.values.forEach((value, index) => {
      expect(values[index]).toBeCloseTo((value / 3) ** 3, 14);
      expect(gradients.x![index]).toBeCloseTo((weights[index]! * value ** 2) / 9, 9);
    });
  });
});

describe('auditCase', () => {
  it('finds right gradients of all inputs', async () => {
    const product = caseOf((tfjs, { x: a, b }) => tfjs.mul(a, b), { x, b: spread([2, 3]) });
    const result = await audit(product);
    expect(outcomeText(result)).toBe('ok');
    expect(Object.keys(result.gradients)).toEqual(['x', 'b']);
    for (const error of Object.values(result.gradients)) expect(error).toBeLessThan(1e-6);
  });

  it('finds a wrong gradient, and names its input', async () => {
    const twice = (tfjs: Tfjs, a: tf.Tensor, b: tf.Tensor) =>
      tfjs.customGrad((left, right) => ({
        value: tfjs.mul(left as tf.Tensor, right as tf.Tensor),
        gradFunc: (dy) => [tfjs.mul(dy, b), tfjs.mul(tfjs.mul(dy, a), 2)],
      }))(a, b);
    const result = await audit(caseOf((tfjs, { x: a, b }) => twice(tfjs, a, b), { x, b: spread([3]) }));
    expect(outcomeText(result)).toBe('wrong: b');
    expect(result.gradients.b).toBeCloseTo(1, 5);
  });

  it('finds values and gradients that are not finite, or differ from the reference', async () => {
    const infinite = await audit(caseOf((tfjs, { x: a }) => tfjs.mul(a, tfjs === tf ? Number.NaN : 1)));
    expect(outcomeText(infinite)).toBe('wrong values, wrong');
    const shifted = await audit(caseOf((tfjs, { x: a }) => tfjs.add(a, tfjs === tf ? 0.1 : 0)));
    expect(outcomeText(shifted)).toBe('wrong values');
  });

  it('tells a missing gradient from a missing function', async () => {
    const refused = await audit(caseOf((tfjs, { x: a }) => tfjs.topk(a, 2).values));
    expect(outcomeText(refused)).toBe('refused');
    expect(refused.gradients.x).toBe('Cannot compute gradient: gradient function not found for TopK.');
    const unsupported = await audit(
      caseOf((tfjs, { x: a }) => {
        if (tfjs === tf) throw new Error('No such kernel.');
        return a;
      }),
    );
    expect(outcomeText(unsupported)).toBe('unsupported');
    expect(caseOutcome(unsupported)).toBe('refused');
  });
});

describe('auditText', () => {
  it('prints a line for each function, with its worst outcome', () => {
    const result = (op: string, variant: string, gradients: CaseResult['gradients']): CaseResult => ({
      op,
      variant,
      values: 0,
      gradients,
      isNamed: false,
    });
    const { lines, counts } = auditText([
      result('pool', 'same', { x: 0.342, filter: 1e-7 }),
      result('pool', 'valid', { x: 1e-7 }),
      result('pool', 'padding 1', { x: 'No kernel.' }),
      result('abs', '', { x: 0 }),
      result('topk', '', { x: 'No gradient.\nIn line 3.' }),
    ]);
    expect(lines).toEqual([
      'ok       abs',
      'wrong    pool: 1 of 3 variants: same (x 0.34)',
      'refused  topk: No gradient.',
    ]);
    expect(counts).toEqual({ ok: 1, refused: 1, wrong: 1 });
  });
});
