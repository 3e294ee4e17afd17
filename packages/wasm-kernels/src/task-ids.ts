// Numbers of the tasks that the compiled module knows (assembly/tasks.ts). This file is read by both compilers,
// TypeScript's and AssemblyScript's.

/** One tile of a matrix product. */
export const gemmTask = 0;
