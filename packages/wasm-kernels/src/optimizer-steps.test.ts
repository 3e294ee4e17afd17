import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  describeBothWays,
  expectSameValues,
  runOutputs,
  valuesOf,
  withChunksInReverse,
} from './__fixtures__/elementwise-tests.ts';
import { expectNoLeak, random, relativeError } from './__fixtures__/run-kernel.ts';
import './index.ts';

interface Optimizer {
  kernel: string;
  /** Operands after the parameter. The kernel returns the parameter and all operands but the gradient. */
  operands: readonly string[];
  attributes: fc.Arbitrary<Record<string, number | boolean>>;
  /** Returns the new parameter and state in float64. */
  reference(operands: number[], attributes: Record<string, number>): number[];
}

const rate = fc.constantFrom(0.1, 1e-3);
const weightDecay = fc.constantFrom(0, 5e-4, 0.1);

const sgd: Optimizer = {
  kernel: 'SgdStep',
  operands: ['gradient', 'velocity'],
  attributes: fc.record({
    learningRate: rate,
    momentum: fc.constantFrom(0, 0.9),
    weightDecay,
    nesterov: fc.boolean(),
  }),
  reference([p, gradient, velocity] = [], { learningRate, momentum, weightDecay, nesterov } = {}) {
    const g = gradient! + weightDecay! * p!;
    const v = momentum! * velocity! + g;
    return [p! - learningRate! * (nesterov ? g + momentum! * v : v), v];
  },
};

const adamW: Optimizer = {
  kernel: 'AdamWStep',
  operands: ['gradient', 'firstMoment', 'secondMoment'],
  attributes: fc.record({
    learningRate: rate,
    beta1: fc.constantFrom(0, 0.9),
    beta2: fc.constantFrom(0.99, 0.999),
    epsilon: fc.constantFrom(1e-8, 1e-3),
    weightDecay,
    step: fc.constantFrom(1, 2, 10, 10_000),
  }),
  reference([p, g, first, second] = [], { learningRate, beta1, beta2, epsilon, weightDecay, step } = {}) {
    const m = beta1! * first! + (1 - beta1!) * g!;
    const v = beta2! * second! + (1 - beta2!) * g! ** 2;
    const deviation = Math.sqrt(v) / Math.sqrt(1 - beta2! ** step!) + epsilon!;
    const decayed = p! * (1 - learningRate! * weightDecay!);
    return [decayed - (learningRate! / (1 - beta1! ** step!)) * (m / deviation), m, v];
  },
};

const settings = {
  SgdStep: { learningRate: 0.1, momentum: 0.9, weightDecay: 0.01, nesterov: true },
  AdamWStep: { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, step: 2 },
} as const;

/** Returns tensors of the operands. The second moment is not negative. */
function inputsOf({ operands }: Optimizer, shape: number[]): Record<string, tf.Tensor> {
  const entries = ['parameter', ...operands].map((name, index) => {
    const tensor = random(shape, index + 1);
    return [name, name === 'secondMoment' ? tf.tidy(() => tf.square(tensor)) : tensor] as const;
  });
  return Object.fromEntries(entries);
}

describeBothWays('the steps of optimisers', () => {
  for (const optimizer of [sgd, adamW]) {
    const { kernel, operands, attributes, reference } = optimizer;
    const state = operands.slice(1);

    describe(kernel, () => {
      const sizes = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(32767, 32769, 100_002));

      it('agrees with the formula in float64', () => {
        const check = (size: number, chosen: Record<string, number | boolean>) => {
          const inputs = inputsOf(optimizer, [size]);
          const before = Object.values(inputs).map((tensor) => tensor.dataSync());
          const found = valuesOf(runOutputs(kernel, inputs, chosen));
          const expected = Array.from({ length: size }, (_, index) =>
            reference(
              before.map((list) => list[index]!),
              chosen as never,
            ),
          );
          found.forEach((list, output) => {
            const wanted = expected.map((results) => results[output]!);
            expect(relativeError(list, wanted)).toBeLessThanOrEqual(1e-6);
          });
          tf.dispose(inputs);
        };
        fc.assert(fc.property(sizes, attributes, check), { numRuns: 60, seed: 3 });
      });

      it('reuses the memory of gradient and state, but not of the parameter', () => {
        const inputs = inputsOf(optimizer, [3, 5]);
        const parameter = inputs.parameter!.dataSync().slice();
        const outputs = runOutputs(kernel, inputs, settings[kernel as 'SgdStep']);
        expect(outputs[0]!.dataId).toBe(inputs.gradient!.dataId);
        state.forEach((name, index) => {
          expect(outputs[index + 1]!.dataId).toBe(inputs[name]!.dataId);
        });
        expect(inputs.parameter!.dataSync()).toEqual(parameter);
        // The results stay valid when the operands are disposed.
        const results = outputs.map((tensor) => tensor.dataSync().slice());
        tf.dispose(inputs);
        random([3, 5], 9).dispose();
        expect(outputs.map((tensor) => tensor.dataSync())).toEqual(results);
        expect(outputs.map(({ shape }) => shape)).toEqual(outputs.map(() => [3, 5]));
        tf.dispose(outputs);
      });

      it.each(operands)('does not overwrite a %s that another tensor shares', (name) => {
        const inputs = inputsOf(optimizer, [40]);
        const alone = valuesOf(runOutputs(kernel, inputsOf(optimizer, [40]), settings[kernel as 'SgdStep']));
        const other = tf.reshape(inputs[name]!, [5, 8]);
        const content = other.dataSync().slice();
        const outputs = runOutputs(kernel, inputs, settings[kernel as 'SgdStep']);
        expect(other.dataSync()).toEqual(content);
        for (const output of outputs) expect(output.dataId).not.toBe(other.dataId);
        expect(valuesOf(outputs)).toEqual(alone);
        tf.dispose([other, inputs]);
      });

      it('supports one tensor for several operands', () => {
        const same = random([10], 1);
        const inputs = Object.fromEntries(['parameter', ...operands].map((name) => [name, tf.abs(same)]));
        const expected = valuesOf(runOutputs(kernel, inputs, settings[kernel as 'SgdStep']));
        const one = tf.abs(same);
        const shared = Object.fromEntries(['parameter', ...operands].map((name) => [name, one]));
        const outputs = runOutputs(kernel, shared, settings[kernel as 'SgdStep']);
        for (const output of outputs) expect(output.dataId).not.toBe(one.dataId);
        expect(valuesOf(outputs)).toEqual(expected);
      });

      it('moves variables step by step, and leaks no memory', () => {
        const start = inputsOf(optimizer, [6]);
        const variables = ['parameter', ...state].map((name) => tf.variable(start[name]!));
        tf.dispose(start);
        const step = () => {
          const [parameter, ...slots] = variables as [tf.Variable, ...tf.Variable[]];
          const gradient = tf.tidy(() => tf.mul(parameter, 2));
          const named = Object.fromEntries(state.map((name, index) => [name, slots[index]!]));
          const outputs = runOutputs(
            kernel,
            { parameter, gradient, ...named },
            settings[kernel as 'SgdStep'],
          );
          outputs.forEach((output, index) => {
            variables[index]!.assign(output);
          });
          return [...outputs, gradient];
        };
        const before = relativeError(variables[0]!.dataSync(), new Float32Array(6));
        expectNoLeak(step, 30);
        expect(relativeError(variables[0]!.dataSync(), new Float32Array(6))).toBeLessThan(before);
        tf.dispose(variables);
      });

      it('supports tensors of another backend', async () => {
        await tf.setBackend('cpu');
        const elsewhere = inputsOf(optimizer, [1000]);
        await tf.setBackend('wasm');
        const expected = valuesOf(
          runOutputs(kernel, inputsOf(optimizer, [1000]), settings[kernel as 'SgdStep']),
        );
        expect(valuesOf(runOutputs(kernel, elsewhere, settings[kernel as 'SgdStep']))).toEqual(expected);
        tf.dispose(elsewhere);
      });

      it('names the mismatched operand', () => {
        const inputs = { ...inputsOf(optimizer, [4]), gradient: tf.ones([3]) };
        const run = () => runOutputs(kernel, inputs, settings[kernel as 'SgdStep']);
        expect(run).toThrow(/gradient of shape \[3\].*\[4\]/);
      });
    });
  }

  it('makes the first step of AdamW by the sign of the gradient', () => {
    // m / (1 − β₁) = g and √v / √(1 − β₂) = |g|, so the step is the learning rate for any size of the gradient.
    const inputs = {
      parameter: tf.tensor1d([1, 1, 1]),
      gradient: tf.tensor1d([1e-3, -5, 1e6]),
      firstMoment: tf.zeros([3]),
      secondMoment: tf.zeros([3]),
    };
    const attributes = { ...settings.AdamWStep, step: 1, learningRate: 0.1, weightDecay: 0 };
    const [parameter] = valuesOf(runOutputs('AdamWStep', inputs, attributes));
    expect(relativeError(parameter!, [0.9, 1.1, 0.9])).toBeLessThan(1e-5);
  });
});

describe('the steps of optimisers', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  it.each([sgd, adamW])('compute the same bits in any order of chunks: $kernel', (optimizer) => {
    const run = () =>
      valuesOf(
        runOutputs(optimizer.kernel, inputsOf(optimizer, [123_457]), settings[optimizer.kernel as 'SgdStep']),
      );
    expectSameValues(withChunksInReverse(run), run());
  });
});
