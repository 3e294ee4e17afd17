// Numbers of the tasks of convolutions (assembly/convolution-tasks.ts). This file is read by both compilers, TypeScript's
// and AssemblyScript's.

/** A block of rows and columns of a convolution. */
export const convolutionTask = 300;
/** What some pixels add to a block of the gradient by the filter. */
export const filterGradientTask = 301;
/** The sum of such parts. */
export const sumPartsTask = 302;
/** By Winograd's algorithm: the transform of the filter, a block of the convolution, a part of a gradient by the filter. */
export const winogradFilterTask = 303;
export const winogradTask = 304;
export const winogradGradientTask = 305;
/** Rows of a depthwise convolution, and what they add to the gradient by its filter. */
export const depthwiseTask = 306;
export const depthwiseGradientTask = 307;

/** What Winograd's algorithm computes: with stride 1 a convolution or its gradient by the filter. */
export const plainScheme = 0;
/** The same with stride 2. */
export const stridedScheme = 1;
/** The gradient by the input of a convolution with stride 2. (With stride 1 it is a convolution.) */
export const stridedInputScheme = 2;
