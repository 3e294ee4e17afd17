// Numbers of the tasks without matrix products (assembly/elementwise-tasks.ts), and of their variants. Both TypeScript and
// AssemblyScript compile this file.

export const rowSumsTask = 100;
export const columnSumsTask = 101;
export const finishSumsTask = 102;
export const normalizeColumnsTask = 103;
export const batchNormSumsTask = 104;
export const activationTask = 105;
export const sgdStepTask = 106;
export const adamWStepTask = 107;
export const l2NormalizeTask = 108;
export const l2NormalizeGradTask = 109;
export const copyTask = 110;
export const transposeTask = 111;
export const gatherRowsTask = 112;
export const segmentSumTask = 113;
export const maxPoolGradTask = 114;
export const avgPoolGradTask = 115;
export const batchNormStatisticsTask = 116;
export const batchNormParametersTask = 117;
export const batchNormGradientParametersTask = 118;
export const batchNormMapTask = 119;
export const batchNormGradientMapTask = 120;

/** Variants of `columnSumsTask`. */
export const plainSums = 0;
export const preluGradientSums = 1;

/** Variants of `batchNormSumsTask`. */
export const momentSums = 0;
export const gradientSums = 1;
export const slopedGradientSums = 2;

/** Variants of `activationTask`. */
export const linearActivation = 0;
export const reluActivation = 1;
export const relu6Activation = 2;
export const eluActivation = 3;
export const sigmoidActivation = 4;
export const leakyReluActivation = 5;
export const preluActivation = 6;
