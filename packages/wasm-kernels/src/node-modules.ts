// Node's own modules without an import: the package must load in browsers, where bundlers stumble over `node:`. Each is
// null in a browser.
const { process: node } = globalThis as { process?: Partial<Pick<NodeJS.Process, 'getBuiltinModule'>> };

/** Files. */
export const nodeFiles = () => node?.getBuiltinModule?.('node:fs') ?? null;

/** Worker threads. */
export const nodeThreads = () => node?.getBuiltinModule?.('node:worker_threads') ?? null;

/** The engine's flags. */
export const nodeEngine = () => node?.getBuiltinModule?.('node:v8') ?? null;
