import { type Tensor, util } from '@tensorflow/tfjs-core';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import { checkBatchShapes } from './check-batch.ts';
import { ShapeError, shapeText } from './errors.ts';
import { checkInputCombination } from './input-combinations.ts';

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
