import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { randomCase, tensorsOf } from './__fixtures__/bank-cases.ts';
import { memoryBankLoss } from './bank-loss-operation.ts';
import { bceCriterion } from './bce-criterion.ts';
import { cosineBankLossWithRows } from './cosine-bank-loss.ts';
import { cosineMargin } from './cosine-margin.ts';
import { resolveBankOptions } from './resolve-bank-options.ts';
import { softmaxCriterion } from './softmax-criterion.ts';

describeOnBackends('memoryBankLoss', () => {
  it.each([softmaxCriterion, bceCriterion])('equals cosineBankLossWithRows: $name', (criterion) => {
    const options = resolveBankOptions({
      criterion,
      scale: 8,
      margins: [cosineMargin(0.2)],
      emptyRows: 'skip',
      bankGradient: false,
    });
    const memory = randomCase(5, 'unified');
    memory.bank[6] = memory.bank[6]!.map(() => 0);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const { embeddings, labels, bank, bias } = tensorsOf(memory);
      const evaluate = (score: typeof memoryBankLoss) => {
        let rows: number[] = [];
        const { value, grads } = tf.valueAndGrads((x: tf.Tensor, b: tf.Tensor) => {
          const inputs = { embeddings: x as tf.Tensor2D, labels, bank, bias: b as tf.Tensor1D };
          const { loss, rowLosses } = score(inputs, options);
          rows = [...rowLosses.dataSync()];
          rowLosses.dispose();
          return loss;
        })([embeddings, bias!]);
        return [value, ...grads].map((tensor) => [...tensor.dataSync()]).concat([rows]);
      };
      const found = evaluate(memoryBankLoss);
      expect(found).toEqual(evaluate(cosineBankLossWithRows));
      // The sample of class 6, whose row is empty, does not count.
      expect(found.at(-1)).toHaveLength(4);
      expect(found.at(-1)![1]).toBe(0);
      expect(found[0]![0]).toBeGreaterThan(0);
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});
