// Numbers of the tasks of convolutions (assembly/convolution-tasks.ts). Both TypeScript and AssemblyScript compile this
// file.

/** A block of rows and columns of a convolution. */
export const convolutionTask = 300;
/** The terms of some pixels in a block of the filter gradient. */
export const filterGradientTask = 301;
/** The sum of the parts of a gradient. */
export const sumPartsTask = 302;
/** Winograd's algorithm: the transform of a filter, a block of a convolution, a part of a filter gradient. */
export const winogradFilterTask = 303;
export const winogradTask = 304;
export const winogradGradientTask = 305;
/** Rows of a depthwise convolution, and their terms in the filter gradient. */
export const depthwiseTask = 306;
export const depthwiseGradientTask = 307;

/** Winograd's scheme for a convolution with stride 1, and for its filter gradient. */
export const plainScheme = 0;
/** The scheme for a convolution with stride 2, and for its filter gradient. */
export const stridedScheme = 1;
/** The scheme for the input gradient with stride 2. With stride 1, that gradient is a convolution. */
export const stridedInputScheme = 2;
/** The scheme for images of 2 × 2 pixels with stride 1, in all three directions. */
export const twoPixelScheme = 3;
