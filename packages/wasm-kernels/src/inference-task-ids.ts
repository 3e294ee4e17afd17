// Numbers of the tasks of inference plans (assembly/plan-tasks.ts). Both TypeScript and AssemblyScript compile this file.
// Plans also run tasks of convolutions.

/** Packs the columns of a filter into panels. */
export const packFilterTask = 400;
/** A block of rows and columns of a convolution by a packed filter. */
export const packedConvolutionTask = 401;
/** Rows of a map: scaled, shifted, added, activated, or copied. */
export const mapTask = 402;
/** Rows of the means of windows. */
export const averageTask = 403;
