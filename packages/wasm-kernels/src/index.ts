import '@tensorflow/tfjs-backend-wasm';
import { registerWasmKernels } from './register.ts';

registerWasmKernels();

export { registeredKernels, registerWasmKernels } from './register.ts';
