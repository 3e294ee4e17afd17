import type { TensorInfo } from '@tensorflow/tfjs-core';
import { binary, sharedBinary } from './generated/binary.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** The functions of assembly/, on the memory of one backend. Addresses are byte offsets, strides count elements. */
export interface NativeFunctions {
  /** One chunk of a task; see assembly/tasks.ts. */
  runChunk(task: number, parameters: number, chunk: number, scratch: number): void;
  scratchBytes(): number;
  gemm(
    rows: number,
    columns: number,
    inner: number,
    a: number,
    aRow: number,
    aInner: number,
    b: number,
    bInner: number,
    bColumn: number,
    c: number,
    cRow: number,
    accumulate: boolean,
    scratch: number,
  ): void;
  /** The steps of the loss over a bank; see assembly/bank-loss.ts. */
  bankNorms(
    rows: number,
    count: number,
    stride: number,
    size: number,
    inverse: number,
    projection: number,
    addend: number,
    normalised: boolean,
    skipEmpty: boolean,
  ): void;
  bceNegatives(...step: [...NegativeStep, negativeWeight: number, losses: number, ...GradientSums]): void;
  softmaxSums(...step: [...BlockStep, ...LabelStep, largest: number, sums: number]): void;
  softmaxNegatives(...step: [...NegativeStep, logSumExp: number, ...GradientSums]): void;
  projectRows(
    gradient: number,
    rows: number,
    count: number,
    size: number,
    radial: number,
    projection: number,
  ): void;
}

type BlockStep = [dots: number, batch: number, stride: number, inverse: number, addend: number, bias: number];
type LabelStep = [labels: number, first: number, count: number, scale: number];
type NegativeStep = [...BlockStep, rowWeights: number, ...LabelStep];
type GradientSums = [radial: number, biasSums: number];

/** The module of one backend, and its scratch memory there. */
export interface NativeModule {
  readonly functions: NativeFunctions;
  readonly scratch: number;
  /**
   * Does all chunks of a task of assembly/tasks.ts, on all threads. The call returns when the last one is done.
   *
   * @param integers up to 48 whole numbers and addresses
   * @param floats up to 16
   */
  run(task: number, chunks: number, integers: readonly number[], floats?: readonly number[]): void;
  /** Where a tensor lies. Heap growth moves nothing. */
  address(tensor: TensorInfo): number;
}

/** See assembly/parameters.ts. */
const integerWords = 48;
const parameterBytes = 4 * (integerWords + 16);

const modules = new WeakMap<WasmBackend, NativeModule | null>();
let enabled = true;

/**
 * The compiled kernels on a backend's memory; null where WebAssembly has no SIMD or the backend is built otherwise:
 * then the versions in TypeScript run.
 */
export function nativeModule(backend: WasmBackend): NativeModule | null {
  if (!enabled) return null;
  let native = modules.get(backend);
  if (native === undefined) {
    native = instantiate(backend);
    modules.set(backend, native);
  }
  return native;
}

/** Switches the compiled kernels off, and on again: for tests of the versions in TypeScript. */
export function enableNative(on: boolean): void {
  enabled = on;
}

function instantiate(backend: WasmBackend): NativeModule | null {
  const { wasm } = backend as { wasm?: Partial<EmscriptenModule> };
  const memory = wasm?.asm?.memory ?? wasm?.wasmMemory;
  if (!(memory instanceof WebAssembly.Memory) || !wasm?._malloc) return null;
  // A module says whether the memory it imports is shared, and takes no other.
  const shared = typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
  const bytes = Uint8Array.from(atob(shared ? sharedBinary : binary), (character) => character.charCodeAt(0));
  if (!WebAssembly.validate(bytes)) return null;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const functions = instance.exports as unknown as NativeFunctions;
  const parameters = align(wasm._malloc(parameterBytes + 15));
  const scratch = align(wasm._malloc(functions.scratchBytes() + 15));
  return {
    functions,
    scratch,
    address: ({ dataId }) => backend.getMemoryOffset(dataId),
    run(task, chunks, integers, floats = []) {
      new Int32Array(memory.buffer, parameters, integerWords).set(integers);
      new Float32Array(memory.buffer, parameters + 4 * integerWords).set(floats);
      for (let chunk = 0; chunk < chunks; chunk++) functions.runChunk(task, parameters, chunk, scratch);
    },
  };
}

function align(address: number): number {
  // Addresses above 2 GB come as negative numbers.
  return Math.ceil((address >>> 0) / 16) * 16;
}

/** What emscripten 3.1 calls things in tfjs-backend-wasm 4.22. */
interface EmscriptenModule {
  asm: { memory: WebAssembly.Memory };
  wasmMemory: WebAssembly.Memory;
  _malloc(bytes: number): number;
}
