// Numbers of the tasks that the compiled module knows (assembly/tasks.ts). This file is read by both compilers,
// TypeScript's and AssemblyScript's.

/** One tile of a matrix product. */
export const gemmTask = 0;
/** A block of rows and columns of a convolution. */
export const convolutionTask = 1;
/** Winograd's transform of the filter of 8 columns, and a block of tiles and columns of the convolution. */
export const winogradFilterTask = 2;
export const winogradTask = 3;
/** What some pixels, or some of Winograd's tiles, add to a block of the gradient by the filter; the sum of these parts. */
export const filterGradientTask = 4;
export const winogradGradientTask = 5;
export const sumPartsTask = 6;
/** Rows of a depthwise convolution, and what they add to the gradient by its filter. */
export const depthwiseTask = 7;
export const depthwiseFilterTask = 8;
