// Node's built-in modules, without an import: the package must load in browsers, and bundlers fail on `node:`. In a
// browser each function returns null.
const { process: node } = globalThis as { process?: Partial<Pick<NodeJS.Process, 'getBuiltinModule'>> };

/** Returns the file system module. */
export const nodeFiles = () => node?.getBuiltinModule?.('node:fs') ?? null;

/** Returns the module of worker threads. */
export const nodeThreads = () => node?.getBuiltinModule?.('node:worker_threads') ?? null;

/** Returns the module of the engine, which sets its flags. */
export const nodeEngine = () => node?.getBuiltinModule?.('node:v8') ?? null;
