import { ConfigError } from '@openset/core';
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import backendProgram from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js';
import { nodeFiles } from './node-modules.ts';
import { withSharedMemory } from './shared-memory-flag.ts';

/** The emscripten program of tfjs-backend-wasm. */
interface BackendProgram {
  cwrap(name: string, result: 'number' | null, parameters: 'number'[]): (...values: number[]) => number;
  tfjs?: Record<string, (...values: number[]) => number>;
}
type ProgramFactory = (options: {
  locateFile(path: string, folder: string): string;
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
}) => Promise<BackendProgram>;

/**
 * Returns a wasm backend for Node on memory that worker threads can share: the SIMD program of tfjs-backend-wasm, with its
 * memory declared as shared. The kernels of tfjs itself run on one thread, as always in Node.
 *
 * @throws ConfigError outside Node
 * @throws Error if the program has no memory that can be shared
 */
export async function makeSharedBackend(): Promise<BackendWasm> {
  const files = nodeFiles();
  if (!files) throw new ConfigError('The wasm backend can have shared memory only in Node.');
  const factory = backendProgram as unknown as ProgramFactory;
  let folder = '';
  const program = await factory({
    locateFile: (path, found) => {
      folder = found;
      return found + path;
    },
    instantiateWasm: (imports, done) => {
      const binary = withSharedMemory(files.readFileSync(`${folder}tfjs-backend-wasm-simd.wasm`), true);
      WebAssembly.instantiate(binary, imports).then(({ instance, module }) => done(instance, module));
      return {};
    },
  });
  // The same functions as in `init` of tfjs-backend-wasm.
  const number = 'number';
  program.tfjs = {
    init: program.cwrap('init', null, []),
    initWithThreadsCount: program.cwrap('init_with_threads_count', null, [number]),
    getThreadsCount: program.cwrap('get_threads_count', number, []),
    registerTensor: program.cwrap('register_tensor', null, [number, number, number]),
    disposeData: program.cwrap('dispose_data', null, [number]),
    dispose: program.cwrap('dispose', null, []),
  };
  return new BackendWasm(program as unknown as ConstructorParameters<typeof BackendWasm>[0]);
}
