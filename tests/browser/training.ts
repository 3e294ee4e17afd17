import '@openset/wasm-kernels';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs';
import { backbones, lossMakers, type MatrixCell, startTraining, trainTwoSteps } from '../support/matrix.ts';

/** What the engine and the backend hold. */
export interface MemoryReport {
  readonly tensors: number;
  readonly bytes: number;
  /** Bytes of the buffers or textures of tensors; 0 on wasm. */
  readonly gpuBytes: number;
}

/** Starts a backend. Returns whether this browser has it. */
async function useBackend(backend: string): Promise<boolean> {
  setWasmPaths('/wasm/');
  if (!(await tf.setBackend(backend))) return false;
  await tf.ready();
  return tf.getBackend() === backend;
}

/** Trains two steps on the active backend. */
function trainPair(backbone: string, loss: string): Promise<MatrixCell> {
  return trainTwoSteps(backbones[backbone]!, lossMakers[loss]!);
}

/** Trains on the active backend. Returns the memory after each step. */
async function memoryOfSteps(backbone: string, loss: string, steps: number): Promise<MemoryReport[]> {
  const training = startTraining(backbones[backbone]!, lossMakers[loss]!);
  const reports: MemoryReport[] = [];
  for (let step = 0; step < steps; step++) {
    await training.step();
    const {
      numTensors,
      numBytes,
      numBytesInGPU = 0,
    } = tf.memory() as tf.MemoryInfo & {
      readonly numBytesInGPU?: number;
    };
    reports.push({ tensors: numTensors, bytes: numBytes, gpuBytes: numBytesInGPU });
  }
  training.dispose();
  return reports;
}

const functions = { useBackend, trainPair, memoryOfSteps };

declare global {
  /** The functions that tests call in the page `training.html`. */
  var trainingInBrowser: typeof functions;
}
globalThis.trainingInBrowser = functions;
