import type { Tensor } from '@tensorflow/tfjs-core';
import type { LossContext } from './contract.ts';
import { DataError, ShapeError, shapeText } from './errors.ts';
import { hasSynchronousReads } from './storage.ts';

/**
 * Checks `context.sampledClasses`: shape and type always, values if reads are synchronous or the context requests it.
 * @throws ShapeError for another shape, or soft targets
 * @throws DataError for classes that are not int32, not distinct, out of range, or without one of the labels
 */
export function checkSampledClasses(
  labels: Tensor,
  numClasses: number,
  { sampledClasses: classes, checkValues = hasSynchronousReads() }: LossContext = {},
): void {
  if (!classes) return;
  if (classes.rank !== 1 || classes.shape[0] === 0 || labels.rank !== 1) {
    throw new ShapeError(
      `sampledClasses must have shape [count], with labels [batch]; found ${shapeText(classes.shape)} and labels ${shapeText(labels.shape)}.`,
    );
  }
  if (classes.dtype !== 'int32') {
    throw new DataError(
      `sampledClasses must be int32, but is ${classes.dtype}: pass 'int32' to tf.tensor1d.`,
    );
  }
  if (!checkValues) return;
  const seen = new Set<number>();
  for (const [index, each] of classes.dataSync().entries()) {
    if (each < 0 || each >= numClasses || seen.has(each)) {
      throw new DataError(
        `sampledClasses[${index}] is ${each}, but must be a class from 0 to ${numClasses - 1} that is listed once.`,
      );
    }
    seen.add(each);
  }
  for (const [row, label] of labels.dataSync().entries()) {
    if (seen.has(label)) continue;
    throw new DataError(
      `labels[${row}] is ${label}, which is missing in sampledClasses: add every class of the batch.`,
    );
  }
}
