import * as tf from '@tensorflow/tfjs-core';
import { type BankLossKernelConfig, cosineBankLossKernel } from './cosine-bank-loss.ts';
import { MissingKernelError } from './errors.ts';

/** The tfjs kernels that training needs, and those that make it faster where a backend has them. */
export const trainingKernels = {
  /** What the losses compute with. */
  losses: [
    'BatchMatMul',
    'Exp',
    'GatherV2',
    'Log',
    'Max',
    'ScatterNd',
    'Select',
    'Sigmoid',
    'Softplus',
    'Sum',
    'TensorScatterUpdate',
    'Transpose',
  ],
  /** What networks of images need besides, forward and backward. */
  networks: [
    'AvgPool',
    'AvgPoolGrad',
    'Conv2D',
    'Conv2DBackpropFilter',
    'Conv2DBackpropInput',
    'DepthwiseConv2dNative',
    'DepthwiseConv2dNativeBackpropFilter',
    'DepthwiseConv2dNativeBackpropInput',
    'FusedBatchNorm',
    'MaxPool',
    'MaxPoolGrad',
    'Prelu',
    'UnsortedSegmentSum',
    '_FusedMatMul',
  ],
  /** One kernel for what otherwise takes several operations; without them the operations run. */
  accelerating: [
    'AdamWStep',
    'BatchNormTraining',
    'BatchNormTrainingGrad',
    cosineBankLossKernel,
    'L2Normalize',
    'L2NormalizeGrad',
    'PreluGrad',
    'SgdStep',
  ],
} as const;

/** How a backend computes; null where it does not say. */
export interface BackendEngine {
  readonly threads: number | null;
  /** Whether it works on several numbers at a time. */
  readonly simd: boolean | null;
  /** Whether products and sums are fused, in WebAssembly. */
  readonly relaxedSimd: boolean | null;
}

/** Whether the backend has one of the kernels that training uses. */
export interface KernelPresence {
  readonly name: string;
  /** A part of `trainingKernels`. */
  readonly part: keyof typeof trainingKernels;
  /** Whether training fails without it; else it is only slower. */
  readonly required: boolean;
  readonly present: boolean;
}

/** What {@link describeBackend} tells. */
export interface BackendDescription extends BackendEngine {
  /** The name of the backend, as in `tf.setBackend`. */
  readonly backend: string;
  readonly kernels: readonly KernelPresence[];
  /** Names of the kernels that are required and not there. */
  readonly missing: readonly string[];
}

/** What the active backend can do in training. */
export function describeBackend(): BackendDescription {
  const backend = tf.getBackend();
  const kernels = Object.entries(trainingKernels).flatMap(([part, names]) =>
    names.map((name) => ({
      name,
      part: part as keyof typeof trainingKernels,
      required: part !== 'accelerating',
      present: hasKernel(name, backend),
    })),
  );
  const missing = kernels.filter(({ required, present }) => required && !present).map(({ name }) => name);
  return { backend, ...engineOf(backend), kernels, missing };
}

/** For each set of names, the backends that were found to have them all. */
const checked = new WeakMap<readonly string[], Set<string>>();

/**
 * Checks that the active backend has some kernels. Cheap: of the same array it looks once for each backend.
 *
 * @param names of tfjs kernels, such as `trainingKernels.losses`
 * @param what who needs them, as it should stand in the message
 * @throws MissingKernelError naming the kernels, and what adds them
 */
export function requireKernels(names: readonly string[], what: string): void {
  const backend = tf.getBackend();
  if (checked.get(names)?.has(backend)) return;
  const missing = names.filter((name) => !hasKernel(name, backend));
  if (missing.length > 0) throw missingKernels(backend, missing, what);
  checked.set(names, (checked.get(names) ?? new Set()).add(backend));
}

/** The error for kernels that a backend lacks. */
export function missingKernels(
  backend: string,
  names: readonly string[],
  what: string,
  options?: ErrorOptions,
): MissingKernelError {
  const remedy =
    backend === 'wasm'
      ? "import '@openset/wasm-kernels', which adds what stock tfjs-backend-wasm lacks for training"
      : 'use another backend, or a backbone without this operation';
  const kernels = `${names.length > 1 ? 'kernels' : 'kernel'} ${names.map((name) => `'${name}'`).join(', ')}`;
  return new MissingKernelError(`${what}: the backend '${backend}' has no ${kernels}: ${remedy}.`, options);
}

function hasKernel(name: string, backend: string): boolean {
  return tf.getKernel(name, backend) !== undefined;
}

function engineOf(backend: string): BackendEngine {
  const { describe } = (tf.getKernel(cosineBankLossKernel, backend) ?? {}) as Partial<BankLossKernelConfig>;
  if (describe) return describe();
  if (backend === 'cpu') return { threads: 1, simd: false, relaxedSimd: false };
  return { threads: null, simd: null, relaxedSimd: null };
}
