import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ConvolutionCase, referenceConvolution } from './__fixtures__/reference-convolution.ts';
import { runKernel } from './__fixtures__/run-kernel.ts';
import './index.ts';
import { type NativeModule, nativeModule } from './native-module.ts';
import type { WasmBackend } from './wasm-backend.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
});

type Run = NativeModule['run'];

interface ChunkFunctions {
  runChunk(task: number, parameters: number, chunk: number, scratch: number): void;
  scratchBytes(): number;
}

/** Runs `work` with the chunks of each task in reverse order, and fills scratch memory with NaN before each chunk. */
function inReverse<Result>(work: () => Result): Result {
  const backend = tf.backend() as unknown as WasmBackend & {
    wasm: { _malloc(bytes: number): number; _free(address: number): void; HEAPU8: Uint8Array };
  };
  const native = nativeModule(backend) as unknown as { run: Run; functions: ChunkFunctions };
  const { functions, run } = native;
  const bytes = functions.scratchBytes();
  const memory = backend.wasm._malloc(bytes + 15 + 256);
  const parameters = Math.ceil(memory / 16) * 16;
  const scratch = parameters + 256;
  native.run = (task, chunks, integers, floats = []) => {
    // The kernels have allocated all memory, so no view is detached from here on.
    const { buffer } = backend.wasm.HEAPU8;
    new Int32Array(buffer, parameters, 48).set(integers);
    new Float32Array(buffer, parameters + 192, 16).set(floats);
    for (let chunk = chunks - 1; chunk >= 0; chunk--) {
      new Float32Array(buffer, scratch, Math.floor((bytes - 15) / 4)).fill(Number.NaN);
      functions.runChunk(task, parameters, chunk, scratch);
    }
  };
  try {
    return work();
  } finally {
    native.run = run;
    backend.wasm._free(memory);
  }
}

const shared = { batch: 5, dilations: [1, 1], pad: 'same', dimRoundingMode: undefined } as const;
const square = (size: number, taps: number, stride: number, inChannels: number, outChannels: number) =>
  ({
    ...shared,
    input: [size, size],
    kernel: [taps, taps],
    strides: [stride, stride],
    inChannels,
    outChannels,
  }) as unknown as ConvolutionCase;

const cases: readonly [string, ConvolutionCase, boolean][] = [
  ['Winograd', square(19, 3, 1, 20, 36), false],
  ['Winograd, a filter for each chunk', square(7, 3, 1, 136, 144), false],
  ['Winograd, several blocks', square(15, 3, 1, 132, 132), false],
  ['Winograd on two pixels', square(2, 3, 1, 60, 44), false],
  ['a stride', square(19, 3, 2, 20, 36), false],
  ['disjoint windows', square(12, 2, 2, 68, 36), false],
  ['disjoint windows of a few pixels', square(4, 2, 2, 132, 20), false],
  ['few pixels', square(2, 3, 1, 130, 70), false],
  ['few channels', square(25, 3, 1, 3, 7), false],
  ['single taps', square(15, 1, 1, 33, 9), false],
  ['depthwise', square(21, 3, 1, 22, 1), true],
  ['depthwise with a stride', square(21, 5, 2, 22, 1), true],
];

describe.each(cases)('convolution by chunks: %s', (_, test, depthwise) => {
  const reference = referenceConvolution(test, depthwise);
  const operands = () => ({
    x: tf.tensor(reference.x, reference.inputShape),
    filter: tf.tensor(reference.filter, reference.filterShape),
    dy: tf.tensor(reference.dy, reference.outputShape),
  });
  const prefix = depthwise ? 'DepthwiseConv2dNative' : 'Conv2D';

  it.each([
    [prefix, reference.y],
    [`${prefix}BackpropInput`, reference.dx],
    [`${prefix}BackpropFilter`, reference.dFilter],
  ])('%s computes the same bits in any order, for any content of scratch memory', (kernelName) => {
    const run = () => runKernel(kernelName, operands(), reference.attributes).dataSync();
    const inOrder = run();
    expect(inOrder.every(Number.isFinite)).toBe(true);
    expect(inReverse(run)).toEqual(inOrder);
  });
});
