import type { Tensor } from '@tensorflow/tfjs-core';
import type { LossContext } from './contract.ts';
import { DataError, ShapeError, shapeText } from './errors.ts';
import { hasSynchronousReads } from './storage.ts';

/**
 * Checks the shapes of a batch.
 * @throws ShapeError with the shapes found and expected
 */
export function checkBatchShapes(
  { embeddings, labels }: { embeddings: Tensor; labels: Tensor },
  { numClasses, embeddingSize }: { numClasses: number; embeddingSize: number },
): void {
  if (embeddings.rank !== 2 || embeddings.shape[1] !== embeddingSize || embeddings.shape[0] === 0) {
    throw new ShapeError(
      `embeddings must be [batch, ${embeddingSize}] with at least one row, but have shape ${shapeText(embeddings.shape)}.`,
    );
  }
  const batch = embeddings.shape[0] as number;
  const expected = `[${batch}] (or soft targets [${batch}, ${numClasses}])`;
  const fits =
    labels.shape[0] === batch && (labels.rank === 1 || (labels.rank === 2 && labels.shape[1] === numClasses));
  if (!fits) {
    throw new ShapeError(
      `labels must have shape ${expected} for embeddings ${shapeText(embeddings.shape)}, but have ${shapeText(labels.shape)}.`,
    );
  }
}

/**
 * Checks the values of a batch if reads are synchronous or the context requests it.
 * @throws DataError with the first invalid value, its position, and the valid range
 */
export function checkBatchValues(
  { embeddings, labels }: { embeddings: Tensor; labels: Tensor },
  numClasses: number,
  context: LossContext = {},
): void {
  if (!(context.checkValues ?? hasSynchronousReads())) return;
  const targets = labels.dataSync();
  if (labels.rank === 1) {
    for (let row = 0; row < targets.length; row++) {
      const label = targets[row] as number;
      if (!Number.isInteger(label) || label < 0 || label >= numClasses) {
        throw new DataError(
          `labels[${row}] is ${label}, but must be a whole number from 0 to ${numClasses - 1} (numClasses is ${numClasses}).`,
        );
      }
    }
  } else {
    for (let index = 0; index < targets.length; index++) {
      const target = targets[index] as number;
      if (!(target >= 0 && target <= 1)) {
        throw new DataError(
          `The soft target of row ${Math.floor(index / numClasses)} and class ${index % numClasses} is ${target}, but must be from 0 to 1.`,
        );
      }
    }
  }
  const values = embeddings.dataSync();
  const size = embeddings.shape[1] as number;
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) {
      throw new DataError(
        `embeddings[${Math.floor(index / size)}][${index % size}] is ${values[index]}. The network diverged or its ` +
          'input is damaged: lower the learning rate, clip gradients, or check that batch.',
      );
    }
  }
}
