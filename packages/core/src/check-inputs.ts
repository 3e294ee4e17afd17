import { type Tensor, util } from '@tensorflow/tfjs-core';
import { checkInputCombination } from './bank-combinations.ts';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import type { LossContext } from './contract.ts';
import { DataError, ShapeError, shapeText } from './errors.ts';
import { hasSynchronousReads } from './storage.ts';

/** Checks the shapes of the inputs of `cosineBankLoss`, and that the options support them. @throws ShapeError, ConfigError */
export function checkBankInputs(inputs: BankInputs, options: ResolvedBankOptions): void {
  const { embeddings, labels, bank, bias, classes } = inputs;
  const { centers } = options;
  if (bank.rank !== 2 || bank.shape[0] === 0 || bank.shape[1] === 0) {
    throw new ShapeError(
      `The bank must be [numClasses, embeddingSize] with at least one class, but has shape ${shapeText(bank.shape)}.`,
    );
  }
  if (bank.shape[0] % centers !== 0) {
    throw new ShapeError(
      `With ${centers} centers the bank must have a multiple of ${centers} rows, but has shape ${shapeText(bank.shape)}.`,
    );
  }
  const numClasses = bank.shape[0] / centers;
  checkBatchShapes({ embeddings, labels }, { numClasses, embeddingSize: bank.shape[1] });
  if (bias && (bias.rank !== 1 || (bias.shape[0] !== 1 && bias.shape[0] !== numClasses))) {
    throw new ShapeError(
      `The bias must have shape [1] (unified) or [${numClasses}] (one per class), but has ${shapeText(bias.shape)}.`,
    );
  }
  if (classes && (classes.rank !== 1 || classes.shape[0] === 0 || labels.rank !== 1)) {
    throw new ShapeError(
      `classes must have shape [count], with labels [batch]; found ${shapeText(classes.shape)} and labels ${shapeText(labels.shape)}.`,
    );
  }
  checkRowInputs(inputs);
  checkInputCombination(inputs, options);
}

/** Checks the shapes of the inputs beyond embeddings, labels, bank and bias. */
function checkRowInputs(inputs: BankInputs): void {
  const { rowMargins, outsideNegatives: outside, rowWeights, hardFactor, mixture, bank } = inputs;
  const batch = inputs.embeddings.shape[0];
  checkShape('rowMargins.angle', rowMargins?.angle, [batch]);
  checkShape('rowMargins.cosine', rowMargins?.cosine, [batch]);
  checkShape('rowWeights', rowWeights, [batch]);
  checkShape('hardFactor', hardFactor, [1]);
  checkShape('mixture.rows', mixture?.rows, bank.shape);
  checkShape('mixture.shares', mixture?.shares, [bank.shape[0]]);
  const count = outside?.shape.at(-1);
  if (
    outside &&
    (count === 0 || (outside.rank !== 1 && (outside.rank !== 2 || outside.shape[0] !== batch)))
  ) {
    throw new ShapeError(
      `outsideNegatives must have shape [count] or [${batch}, count] for embeddings ${shapeText(inputs.embeddings.shape)}, ` +
        `but have ${shapeText(outside.shape)}.`,
    );
  }
}

function checkShape(what: string, tensor: Tensor | undefined, expected: readonly number[]): void {
  if (!tensor || util.arraysEqual(tensor.shape, [...expected])) return;
  throw new ShapeError(`${what} must have shape ${shapeText(expected)}, but has ${shapeText(tensor.shape)}.`);
}

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
