import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, it } from 'vitest';
import { randomCase, runBankLoss, tensorsOf } from './__fixtures__/bank-cases.ts';
import { cosineBankLossKernel } from './bank-loss-kernel.ts';
import type { BankInputs, BankOptions } from './bank-options.ts';
import { bceCriterion } from './bce-criterion.ts';
import { cosineBankLoss } from './cosine-bank-loss.ts';
import { cosineMargin } from './cosine-margin.ts';
import { resolveBankOptions } from './resolve-bank-options.ts';
import { softmaxCriterion } from './softmax-criterion.ts';
import { streamedBankLoss } from './streamed-bank-loss.ts';

interface Call {
  readonly inputs: Record<string, tf.TensorInfo>;
  readonly attributes: Record<string, unknown>;
}

/** Registers a kernel whose loss is 42 and whose gradients are all 7, and records its calls. */
function registerFake(backendName: string): Call[] {
  const calls: Call[] = [];
  tf.registerKernel({
    kernelName: cosineBankLossKernel,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const attributes = { ...attrs } as Record<string, unknown>;
      calls.push({ inputs: { ...inputs } as Record<string, tf.TensorInfo>, attributes });
      const { embeddings, bank, bias } = inputs;
      const differentiable = [
        embeddings!,
        ...(attributes.bankGradient ? [bank!] : []),
        ...(bias ? [bias] : []),
      ];
      const gradients = attributes.gradients ? differentiable.map(({ shape }) => tf.fill(shape, 7)) : [];
      return [tf.scalar(42), tf.fill([embeddings!.shape[0]!], 6), ...gradients];
    },
  });
  return calls;
}

describeOnBackends('a registered CosineBankLoss kernel', (backend) => {
  afterEach(() => {
    if (tf.getKernel(cosineBankLossKernel, backend)) tf.unregisterKernel(cosineBankLossKernel, backend);
  });

  it('has a public name', () => {
    expect(cosineBankLossKernel).toBe('CosineBankLoss');
  });

  it('replaces the generic version', () => {
    const calls = registerFake(backend);
    const bankCase = randomCase(1, 'diverse');
    const options: BankOptions = {
      criterion: bceCriterion,
      margins: [cosineMargin(0.4)],
      negativeWeight: 0.7,
    };
    const result = runBankLoss(bankCase, options);
    expect(result.loss).toBe(42);
    const sizes = [result.embeddings.length, result.bank!.length, result.bias!.length];
    expect(sizes).toEqual([4 * 5, 7 * 5, 7]);
    expect(new Set([...result.embeddings, ...result.bank!, ...result.bias!])).toEqual(new Set([7]));
    expect(calls).toHaveLength(1);
    const shapes = Object.entries(calls[0]!.inputs).map(([name, { shape }]) => [name, shape]);
    expect(Object.fromEntries(shapes)).toEqual({ embeddings: [4, 5], labels: [4], bank: [7, 5], bias: [7] });
    expect(calls[0]!.attributes).toEqual({ ...resolveBankOptions(options), gradients: true });
  });

  it('computes no gradients outside a tape, and none of a constant bank', () => {
    const calls = registerFake(backend);
    const bankCase = randomCase(1);
    const inputs = tensorsOf(bankCase);
    const loss = cosineBankLoss(inputs, { criterion: softmaxCriterion });
    expect(loss.dataSync()[0]).toBe(42);
    expect(calls[0]!.attributes.gradients).toBe(false);
    expect(Object.keys(calls[0]!.inputs)).toEqual(['embeddings', 'labels', 'bank']);
    tf.dispose([loss, inputs.embeddings, inputs.labels, inputs.bank]);
    const result = runBankLoss(bankCase, { criterion: softmaxCriterion, bankGradient: false });
    expect(result.bank).toBeNull();
    expect(new Set(result.embeddings)).toEqual(new Set([7]));
  });

  it('gets the rows of a subset of the classes, and its gradients are scattered', () => {
    const calls = registerFake(backend);
    const { bank, bias } = runBankLoss(
      randomCase(1, 'diverse'),
      { criterion: bceCriterion },
      { classes: [6, 0, 2] },
    );
    expect(calls[0]!.inputs.bank!.shape).toEqual([3, 5]);
    expect(
      bank!.map((value, index) => [value, Math.floor(index / 5)]).filter(([value]) => value === 7),
    ).toEqual([0, 2, 6].flatMap((row) => Array(5).fill([7, row])));
    expect(bias).toEqual([7, 0, 7, 0, 0, 0, 7]);
  });

  it('leaks no tensor', () => {
    registerFake(backend);
    const { numTensors } = tf.memory();
    runBankLoss(randomCase(1, 'unified'), { criterion: bceCriterion });
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('can be the generic version itself', () => {
    const options: BankOptions = { criterion: bceCriterion, scale: 8 };
    const expected = runBankLoss(randomCase(1, 'diverse'), options);
    tf.registerKernel({
      kernelName: cosineBankLossKernel,
      backendName: backend,
      kernelFunc: ({ inputs, attrs }) =>
        streamedBankLoss(
          inputs as unknown as BankInputs,
          resolveBankOptions(options),
          Boolean(attrs!.gradients),
        ),
    });
    expect(relativeError(runBankLoss(randomCase(1, 'diverse'), options).bank!, expected.bank!)).toBe(0);
  });
});
