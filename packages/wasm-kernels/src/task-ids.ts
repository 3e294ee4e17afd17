// Numbers of the tasks that the compiled module knows (assembly/tasks.ts). This file is read by both compilers,
// TypeScript's and AssemblyScript's.

/** One tile of a matrix product. */
export const gemmTask = 0;
/** A block of rows and columns of a convolution. */
export const convolutionTask = 1;
