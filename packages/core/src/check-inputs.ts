import type { Tensor } from '@tensorflow/tfjs-core';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import type { LossContext } from './contract.ts';
import { ConfigError, DataError, ShapeError, shapeText } from './errors.ts';
import { hasSynchronousReads } from './storage.ts';

/** Checks the shapes of the inputs of `cosineBankLoss`, and that the options support them. @throws ShapeError, ConfigError */
export function checkBankInputs(
  { embeddings, labels, bank, bias, classes }: BankInputs,
  options: ResolvedBankOptions,
): void {
  if (bank.rank !== 2 || bank.shape[0] === 0 || bank.shape[1] === 0) {
    throw new ShapeError(
      `The bank must be [numClasses, embeddingSize] with at least one class, but has shape ${shapeText(bank.shape)}.`,
    );
  }
  checkBatchShapes({ embeddings, labels }, { numClasses: bank.shape[0], embeddingSize: bank.shape[1] });
  if (bias && (bias.rank !== 1 || (bias.shape[0] !== 1 && bias.shape[0] !== bank.shape[0]))) {
    throw new ShapeError(
      `The bias must have shape [1] (unified) or [${bank.shape[0]}] (one per class), but has ${shapeText(bias.shape)}.`,
    );
  }
  if (classes && (classes.rank !== 1 || classes.shape[0] === 0 || labels.rank !== 1)) {
    throw new ShapeError(
      `classes must have shape [count], with labels [batch]; found ${shapeText(classes.shape)} and labels ${shapeText(labels.shape)}.`,
    );
  }
  if (labels.rank === 2) {
    if (options.margins.length > 0 || options.emptyRows === 'skip') {
      throw new ConfigError(
        'Soft targets have no single positive class for a margin or an empty memory row: use margin 0 and a bank of ' +
          'class weights, or pass labels [batch].',
      );
    }
  }
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
