import '@tensorflow/tfjs-backend-wasm';
import { registerWasmKernels } from './register.ts';
import { repairThreadedProgram } from './threaded-program.ts';

registerWasmKernels();
repairThreadedProgram();

export {
  disableWasmTraining,
  enableWasmTraining,
  type WasmTraining,
  type WasmTrainingOptions,
} from './enable-wasm-training.ts';
export { registeredKernels, registerWasmKernels } from './register.ts';
