import { type BankOptions, cosineBankLoss, normalValues } from '@openset/core';
import { plainBankLoss } from '@openset/testkit';
// Registers the gradients that the plain formula needs.
import * as tf from '@tensorflow/tfjs';
import { type Comparison, compare } from './measure.ts';
import { onStock, startWasm } from './wasm-kernel.ts';

const batch = 128;
const embeddingSize = 512;
const numClasses = 10_572; // CASIA-WebFace
const margin = 0.4;

/**
 * Loss and all gradients over CASIA-WebFace's classes: the plain formula by automatic differentiation on stock
 * tfjs-backend-wasm, against `cosineBankLoss` with the kernels of this project.
 */
export async function lossStep(): Promise<Comparison[]> {
  await startWasm();
  const embeddings = normalValues([batch, embeddingSize], 1, 1);
  const bank = normalValues([numClasses, embeddingSize], 0.04, 2);
  const bias = tf.tensor1d([Math.log(10 * numClasses)]);
  const labels = tf.tensor1d(
    Array.from({ length: batch }, (_, row) => (row * 7919) % numClasses),
    'int32',
  );
  const shared = { scale: 64, margins: [{ kind: 'cosine', margin }] } as const;
  const rows: Comparison[] = [];
  for (const [name, criterion, trained] of [
    ['BCE-unified, trained bank', 'bce', true],
    ['BCE-unified, constant bank (USS)', 'bce', false],
    ['softmax, trained bank (CosFace)', 'softmax', true],
  ] as const) {
    const differentiable = trained ? [embeddings, bank] : [embeddings];
    const biased = criterion === 'bce' ? { bias } : {};
    const options: BankOptions = { ...shared, criterion, bankGradient: trained };
    const step = (loss: () => tf.Scalar) => () =>
      tf.tidy(() => {
        const { value, grads } = tf.valueAndGrads(loss)(differentiable);
        value.dataSync();
        return grads.length;
      });
    const ours = step(() => cosineBankLoss({ embeddings, labels, bank, ...biased }, options));
    const plain = step(() =>
      plainBankLoss({ embeddings, labels, bank, shift: -margin, criterion, scale: 64, ...biased }),
    );
    rows.push(compare(name, ours, onStock(plain), 3));
  }
  return rows;
}
