import program from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js';

/**
 * Lets the threads of tfjs-backend-wasm start in minified pages.
 *
 * The backend passes its program to its threads as text: that of one function. The function asks whether a variable around it,
 * `_scriptDir`, exists. A minifier drops the question, because the variable does exist there. In a thread it does not, so each
 * thread ends with a ReferenceError and the backend waits forever. This gives the function a text that runs by itself.
 */
export function repairThreadedProgram(): void {
  const text = selfContained(Function.prototype.toString.call(program));
  Object.defineProperty(program, 'toString', { value: () => text, configurable: true });
}

/**
 * Returns the text of an expression that evaluates to the function of a text. In it, variables that exist nowhere are undefined
 * instead of an error.
 */
export function selfContained(functionText: string): string {
  return `(function () {
  with (new Proxy({}, { has: (_, name) => !(name in globalThis), get: () => undefined })) {
    return (${functionText});
  }
})()`;
}
