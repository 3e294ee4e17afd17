// Numbers of the tasks of the compiled module (assembly/tasks.ts). Both TypeScript and AssemblyScript compile this file.

/** A tile of a matrix product. */
export const gemmTask = 0;
