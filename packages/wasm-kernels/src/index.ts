import '@tensorflow/tfjs-backend-wasm';
import { registerWasmKernels } from './register.ts';

registerWasmKernels();

export {
  disableWasmTraining,
  enableWasmTraining,
  type WasmTraining,
  type WasmTrainingOptions,
} from './enable-wasm-training.ts';
export { registeredKernels, registerWasmKernels } from './register.ts';
