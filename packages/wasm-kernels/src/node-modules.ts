// Node's own modules without an import: the package must load in browsers, where bundlers stumble over `node:`.

interface NodeModules {
  'node:fs': typeof import('node:fs');
  'node:v8': typeof import('node:v8');
  'node:worker_threads': typeof import('node:worker_threads');
}

/** A module of Node; null in a browser. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | null {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: Name): NodeModules[Name] | undefined };
  };
  return process?.getBuiltinModule?.(name) ?? null;
}
