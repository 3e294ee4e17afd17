import * as tf from '@tensorflow/tfjs-core';
import type { BankInputs, BankOptions } from '../bank-options.ts';
import { cosineBankLoss } from '../cosine-bank-loss.ts';
import { randomNumbers } from '../initial-values.ts';
import { operation } from '../tape.ts';
import type { BankCase } from './reference.ts';

/** Returns rows of float32 numbers around 0, each row with a different length. */
export function randomRows(rows: number, size: number, seed: number): number[][] {
  const random = randomNumbers(seed);
  return Array.from({ length: rows }, () => {
    const length = 0.5 + 2 * random();
    return Array.from({ length: size }, () => Math.fround(length * (2 * random() - 1)));
  });
}

/** Returns a batch with a repeated label and 7 classes. All sizes differ, which reveals swapped axes. */
export function randomCase(seed: number, bias: 'none' | 'unified' | 'diverse' = 'none'): BankCase {
  const plain = {
    embeddings: randomRows(4, 5, seed),
    labels: [2, 6, 2, 0],
    bank: randomRows(7, 5, seed + 1),
  };
  if (bias === 'none') return plain;
  return { ...plain, bias: randomRows(1, bias === 'unified' ? 1 : 7, seed + 2)[0]! };
}

/** Loss and gradients as plain arrays; `bank` and `bias` are null without a gradient. */
export interface BankResult {
  readonly loss: number;
  readonly embeddings: number[];
  readonly bank: number[] | null;
  readonly bias: number[] | null;
  readonly angleMargins: number[] | null;
  readonly cosineMargins: number[] | null;
  readonly outside: number[] | null;
}

/** Returns the tensors of a case. */
export function tensorsOf(bankCase: BankCase): BankInputs {
  const { embeddings, labels, bank, bias, rowWeights, hardFactor, mixture } = bankCase;
  const soft = Array.isArray(labels[0]);
  return {
    ...(rowWeights && { rowWeights: tf.tensor1d(rowWeights) }),
    ...(hardFactor !== undefined && { hardFactor: tf.tensor1d([hardFactor]) }),
    ...(mixture && { mixture: { rows: tf.tensor2d(mixture.rows), shares: tf.tensor1d(mixture.shares) } }),
    embeddings: tf.tensor2d(embeddings),
    labels: soft ? tf.tensor2d(labels as number[][]) : tf.tensor1d(labels as number[], 'int32'),
    bank: tf.tensor2d(bank),
    bias: bias && tf.tensor1d(bias),
  };
}

/**
 * Returns `cosineBankLoss` and its gradients on the active backend.
 * @param after maps the loss inside the tape
 */
export function runBankLoss(
  bankCase: BankCase,
  options: BankOptions,
  { classes, after = (loss) => loss }: { classes?: number[]; after?: (loss: tf.Scalar) => tf.Scalar } = {},
): BankResult {
  tf.engine().startScope();
  try {
    const { embeddings, labels, bank, bias, ...constants } = tensorsOf(bankCase);
    const { angleMargins, cosineMargins, outside } = bankCase;
    const variables = {
      embeddings,
      bank,
      ...(bias ? { bias } : {}),
      ...(angleMargins ? { angleMargins: tf.tensor1d(angleMargins) } : {}),
      ...(cosineMargins ? { cosineMargins: tf.tensor1d(cosineMargins) } : {}),
      ...(outside ? { outside: tf.tensor(outside) } : {}),
    };
    const watched = Object.entries(variables).filter(
      ([name]) => name !== 'bank' || options.bankGradient !== false,
    );
    const gradientsOf = tf.valueAndGrads((...inputs: tf.Tensor[]) => {
      const given = Object.fromEntries(watched.map(([name], index) => [name, outputOf(inputs[index]!)]));
      const subset = classes && tf.tensor1d(classes, 'int32');
      const { angleMargins, cosineMargins, outside, ...plain } = { ...variables, ...given };
      const all = {
        ...constants,
        ...plain,
        labels,
        classes: subset,
        rowMargins: { angle: angleMargins, cosine: cosineMargins },
        outsideNegatives: outside,
      } as unknown as BankInputs;
      return after(cosineBankLoss(all, options));
    });
    const { value, grads } = gradientsOf(watched.map(([, tensor]) => tensor));
    const read = (name: string) => {
      const index = watched.findIndex(([key]) => key === name);
      return index < 0 ? null : [...grads[index]!.dataSync()];
    };
    return {
      loss: value.dataSync()[0]!,
      embeddings: read('embeddings')!,
      bank: read('bank'),
      bias: read('bias'),
      angleMargins: read('angleMargins'),
      cosineMargins: read('cosineMargins'),
      outside: read('outside'),
    };
  } finally {
    tf.engine().endScope();
  }
}

/** Returns every number of a result. */
export function allNumbers({ loss, ...gradients }: BankResult): number[] {
  return [loss, ...Object.values(gradients).flatMap((values) => values ?? [])];
}

/** Returns the tensor as the output of an operation, which is gone when the backward pass runs. */
function outputOf(input: tf.Tensor): tf.Tensor {
  return operation(
    [input],
    () => ({ value: tf.mul(input, 1) as tf.Tensor }),
    (dy) => [tf.clone(dy)],
  );
}
