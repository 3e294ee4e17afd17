import type { Plugin } from 'vite';

/** Text of the threaded program of tfjs-backend-wasm that refers to a variable around it, and what replaces it. */
const replacements = [
  ['typeof _scriptDir !== "undefined" && _scriptDir', 'false'],
  ['Module["mainScriptUrlOrBlob"]||_scriptDir', 'Module["mainScriptUrlOrBlob"]'],
] as const;

/**
 * Returns a Vite plugin that lets a minified page run the threads of tfjs-backend-wasm.
 *
 * The backend gives its threads the text of one function. The function asks whether a variable around it exists, and the minifier
 * answers that at once, because here it does. In a thread it does not, and each thread ends with a ReferenceError.
 */
export function selfContainedThreads(): Plugin {
  return {
    name: 'self-contained-threads',
    transform(code, id) {
      if (!id.endsWith('/tfjs-backend-wasm-threaded-simd.js')) return null;
      let result = code;
      for (const [text, replacement] of replacements) {
        if (!result.includes(text))
          this.error(`The program of tfjs-backend-wasm has changed: it has no '${text}'.`);
        result = result.replace(text, replacement);
      }
      return { code: result, map: null };
    },
  };
}
