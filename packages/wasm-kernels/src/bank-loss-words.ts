// The tasks of the loss over a bank, and where their parameters stand among the integers of a task
// (assembly/parameters.ts). This file is read by both compilers, TypeScript's and AssemblyScript's.

/** Normalises 8 rows of the batch, and finds their similarities with their own classes. */
export const bankQueriesTask = 200;
/** Binary cross-entropy of a group of blocks: loss and all gradients. */
export const bankBceTask = 201;
/** Log-sum-exp of the negatives of a group of blocks, with the gradient of the embeddings that belongs to it. */
export const bankSoftmaxSumsTask = 202;
/** Gradients of bank and biases of a group of blocks for softmax. */
export const bankSoftmaxGradientsTask = 203;
/** Adds up the groups' gradients of 8 rows of the batch, through the normalisation. */
export const bankEmbeddingsTask = 204;

/** Samples; all arrays over them have `stride` entries, a multiple of 4 that leaves room for whole tiles. */
export const batchWord = 0;
export const strideWord = 1;
/** Length of an embedding. */
export const sizeWord = 2;
/** Classes that take part, classes in a block, blocks in a group, groups. */
export const classCountWord = 3;
export const blockClassesWord = 4;
export const groupBlocksWord = 5;
export const groupCountWord = 6;
/** `[batch, size]`, raw. */
export const embeddingsWord = 7;
/** `[batch]` int32: for each sample the place of its class among those that take part. */
export const labelsWord = 8;
export const bankWord = 9;
/** Int32: the rows of the bank that take part; 0: all. */
export const classesWord = 10;
/** The biases, or 0; and whether there is one for each row of the bank. */
export const biasWord = 11;
export const diverseWord = 12;
/** Whether rows are normalised, and whether rows of zeros are left out. */
export const normalisedWord = 13;
export const skipEmptyWord = 14;
/** `[batch, size]`: unit embeddings; packed as columns; packed as rows. */
export const queriesWord = 15;
export const queryColumnsWord = 16;
export const queryRowsWord = 17;
/** `[batch, 4]` float64: inverse norm, 1 if the gradient is projected, similarity with the own class, its norm. */
export const rowNumbersWord = 18;
/** Weight of each sample's negatives. */
export const weightsWord = 19;
/** Of each sample's own class: `dL/dlogit`, this times the derivative of the margins, and `dL/d(unit embedding · row)`. */
export const ownSlopesWord = 20;
export const ownGradientsWord = 21;
export const ownFactorsWord = 22;
/** One over the norm of each class; 0 for those that are left out. */
export const inverseWord = 23;
/** The groups' gradients of the unit embeddings, in whole tiles; 0: not wanted. */
export const partialsWord = 24;
/** `[groups, 2]` float64: loss, and sum over all biases' `dL/dlogit`. */
export const groupNumbersWord = 25;
/** The gradients of bank and diverse biases; 0: not wanted. */
export const bankGradientWord = 26;
export const biasGradientWord = 27;
/** Softmax, `[groups, stride]`: the largest logit (float32), and the sum of exponentials relative to it (float64). */
export const largestWord = 28;
export const sumsWord = 29;
/** The logits of all blocks, kept from the first pass to the second; 0: computed again. */
export const logitsWord = 30;
/** Softmax: each sample's log-sum-exp over all classes. */
export const logSumExpWord = 31;
/** `[groups, stride]`: factors of the groups' gradients; 0: 1. */
export const groupFactorsWord = 32;
export const embeddingsGradientWord = 33;

/** Among the floats of a task. */
export const scaleFloat = 0;

/** Bytes that a thread has for a block. */
export const bankScratchBytes = 3145728;
