// Numbers of the tasks of the loss over a bank, and the indices of their parameters (assembly/parameters.ts). Both
// TypeScript and AssemblyScript compile this file.

/** Normalises 8 samples, and computes their similarities with their own classes. */
export const bankQueriesTask = 200;
/** Computes loss and all gradients of a group of blocks for binary cross-entropy. */
export const bankBceTask = 201;
/** Computes the log-sum-exp of the negatives of a group of blocks, and its gradient of the embeddings. */
export const bankSoftmaxSumsTask = 202;
/** Computes the gradients of bank and biases of a group of blocks for softmax. */
export const bankSoftmaxGradientsTask = 203;
/** Adds up the groups' gradients of 8 samples, and propagates them through the normalisation. */
export const bankEmbeddingsTask = 204;
/** Updates the bank with its gradient of a group of blocks for binary cross-entropy. */
export const bankBceUpdatesTask = 205;
/** Stores the inverse norms of a group, and its largest norm. */
export const bankNormsTask = 206;

/** Samples. Arrays over them have `stride` entries, a multiple of 4 that includes the last tile. */
export const batchWord = 0;
export const strideWord = 1;
/** Length of an embedding. */
export const sizeWord = 2;
/** Selected classes, classes of a block, blocks of a group, groups. */
export const classCountWord = 3;
export const blockClassesWord = 4;
export const groupBlocksWord = 5;
export const groupCountWord = 6;
/** `[batch, size]`, not normalised. */
export const embeddingsWord = 7;
/** `[batch]` int32: the position of each sample's class among the selected classes; −1 for a class of another shard. */
export const labelsWord = 8;
export const bankWord = 9;
/** Int32: the bank's rows of the selected classes; 0 if all rows are selected. */
export const classesWord = 10;
/** The biases, 0 if there are none; and whether each row of the bank has its own. */
export const biasWord = 11;
export const diverseWord = 12;
/** Whether rows are normalised, and whether rows of zeros are skipped. */
export const normalisedWord = 13;
export const skipEmptyWord = 14;
/** `[batch, size]` unit embeddings: row-major, packed as columns, packed as rows. */
export const queriesWord = 15;
export const queryColumnsWord = 16;
export const queryRowsWord = 17;
/**
 * `[batch, 4]` float64: inverse norm, 1 if the gradient is projected, similarity with the sample's own class, norm of its row; 0 and 1 for a class
 * of another shard.
 */
export const rowNumbersWord = 18;
/** Weight of each sample's negatives. */
export const weightsWord = 19;
/**
 * For each sample's own class: `dL/dlogit`, its product with the derivative of the margins, and
 * `dL/d(unit embedding · row)`.
 */
export const ownSlopesWord = 20;
export const ownGradientsWord = 21;
export const ownFactorsWord = 22;
/** Inverse norm of each class; 0 if it is skipped. */
export const inverseWord = 23;
/** The groups' gradients of the unit embeddings, padded to full tiles; 0 without gradients. */
export const partialsWord = 24;
/** BCE: `[groups]` float64, the sum of `dL/dlogit`. */
export const groupSlopesWord = 25;
/** The gradients of bank and diverse biases; 0 unless requested. */
export const bankGradientWord = 26;
export const biasGradientWord = 27;
/** `[groups, stride]` float32: the largest logit of softmax. */
export const largestWord = 28;
/** `[groups, stride]` float64: the sum of exponentials relative to it; for BCE, the sum of `softplus(z)`. */
export const sumsWord = 29;
/** The logits of all blocks, or with a map their dot products, kept for the second pass; 0 if that recomputes them. */
export const logitsWord = 30;
/** Softmax: log-sum-exp of each sample over all classes. */
export const logSumExpWord = 31;
/** `[groups, stride]`: factors of the groups' gradients; 0 if all are 1. */
export const groupFactorsWord = 32;
export const embeddingsGradientWord = 33;

/** The change of the negatives: 0 none, else one of these; and the whole exponent of `powerMap`, and whether it is detached. */
export const mapWord = 34;
export const exponentWord = 35;
export const detachedWord = 36;
/** Limit and margins of negatives alone. */
export const plainMap = 1;
export const powerMap = 2;
export const hardNegativesMap = 3;
export const negativeLimitMap = 4;
/** `[stride]`: similarities above these are hard negatives. */
export const hardThresholdsWord = 37;
/** Rows of the bank for each class. With more than one, `labels` change from classes to the rows that score. */
export const centersWord = 38;
/** Unit rows to mix into the bank, and their shares; 0 without a mixture. And `[batch, size]`: the mixed rows of the own classes. */
export const mixtureRowsWord = 39;
export const mixtureSharesWord = 40;
export const ownRowsWord = 41;

/** The update of the bank with its gradient: 0 none, which stores the gradient, else one of these. */
export const updateWord = 42;
export const sgdUpdate = 1;
export const nesterovUpdate = 2;
export const adamWUpdate = 3;
/** The numbers of the update, in the order of assembly/optimizers.ts; the factor of the gradient is the last one. */
export const updateNumbersWord = 43;
export const updateFactorPlace = 8;
/** The optimizer's slots, of the bank's shape; 0 without one. */
export const firstSlotWord = 44;
export const secondSlotWord = 45;
/** `[groups]` float64: sum of squares of the gradient; before, the largest norm of a row. */
export const squaresWord = 46;
/** Whether the inverse norms are known already. */
export const normsKnownWord = 47;

/** Indices among the floats of a task. */
export const scaleFloat = 0;
/** Largest magnitude of a cosine; 2 without a limit. */
export const cosineLimitFloat = 1;
/** Margins of negatives: cosine and sine of the angle, and the cosine. */
export const angleCosineFloat = 2;
export const angleSineFloat = 3;
export const negativeCosineFloat = 4;
/** Coefficients of hard negatives, `square · c² + factor · c + offset`. */
export const squareFloat = 5;
export const factorFloat = 6;
export const offsetFloat = 7;
/** Negatives above this become 0. */
export const negativeLimitFloat = 8;

/** Scratch memory of a thread for a block, in bytes. */
export const bankScratchBytes = 3145728;
