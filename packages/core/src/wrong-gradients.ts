import * as tf from '@tensorflow/tfjs-core';
import { findBankLossKernel } from './bank-loss-kernel.ts';
import { kernelPackageOf } from './storage.ts';

/** An operation that the active backend differentiates wrongly, without an error. */
export interface WrongGradient {
  /** Name of its kernel, such as `AvgPool`. */
  readonly kernel: string;
  /** With which options its gradient is wrong, such as `with padding`; empty for all. */
  readonly condition: string;
}

/** Attributes of a kernel, such as `pad` or `filterSize`. */
type Attributes = Readonly<Record<string, unknown>>;

interface Fault {
  /** Kernels, separated by blanks. */
  readonly kernels: string;
  /** Names of backends, separated by blanks. */
  readonly backends: string;
  readonly condition?: string;
  readonly applies?: (attributes: Attributes, inputs: tf.NamedTensorMap) => boolean;
}

const everywhere = 'cpu wasm webgl webgpu tensorflow';
const ofKernels = 'cpu wasm webgl webgpu';

/**
 * Faults of tfjs 4.22 in gradients, which the audit in docs/backends.md found. The conversion to whole numbers is missing here:
 * its gradient should be 0, but it mostly converts indices, which have none.
 */
const faults: readonly Fault[] = [
  { kernels: 'AvgPool AvgPool3D', backends: ofKernels, condition: 'with padding', applies: isPadded },
  {
    kernels: 'ResizeBilinear ResizeNearestNeighbor',
    backends: everywhere,
    condition: 'with halfPixelCenters',
    applies: ({ halfPixelCenters }) => !!halfPixelCenters,
  },
  {
    kernels: 'Cumsum',
    backends: everywhere,
    condition: 'along an axis other than the last',
    applies: ({ axis }, { x }) => ((axis as number) + 1) % x!.rank !== 0,
  },
  { kernels: 'FloorDiv MirrorPad', backends: everywhere },
  {
    kernels: 'Conv2D FusedConv2D MaxPool',
    backends: ofKernels,
    condition: 'with padding and rounding up',
    applies: (attributes) => attributes.dimRoundingMode === 'ceil' && isPadded(attributes),
  },
  {
    kernels: 'MaxPool3D',
    backends: 'cpu',
    condition: 'with windows of unequal height and width',
    applies: ({ filterSize: size }) => Array.isArray(size) && size[1] !== size[2],
  },
  {
    kernels: 'ResizeNearestNeighbor',
    backends: 'cpu',
    condition: 'with more than one image',
    applies: (_, { images }) => images!.shape[0] !== 1,
  },
  { kernels: 'Conv3D Dilation2D MaxPool MaxPool3D', backends: 'wasm' },
  { kernels: 'Prod', backends: 'webgpu' },
  {
    kernels: 'Cumsum',
    backends: 'webgpu',
    condition: 'in reverse',
    applies: ({ reverse }) => !!reverse,
  },
];

function isPadded({ pad }: Attributes): boolean {
  return pad !== 'valid' && pad !== 0;
}

/**
 * Returns the operations of a forward pass whose gradient is known to be wrong on the active backend.
 * @param forward runs synchronously, once; its tensors are disposed
 */
export function findWrongGradients(forward: () => unknown): WrongGradient[] {
  const backend = tf.getBackend();
  // The package that adds kernels to a backend replaces the wrong ones.
  if (kernelPackageOf(backend) && findBankLossKernel()) return [];
  const found = new Map<string, WrongGradient>();
  observeKernels(forward, (kernel, inputs, attributes) => {
    for (const { kernels, backends, condition = '', applies } of faults) {
      const isKnown = kernels.split(' ').includes(kernel) && backends.split(' ').includes(backend);
      if (!isKnown || (applies && !applies(attributes, inputs))) continue;
      found.set(`${kernel} ${condition}`, { kernel, condition });
    }
  });
  return [...found.values()];
}

type RunKernel = (name: string, inputs: tf.NamedTensorMap, attributes?: Attributes) => unknown;

/**
 * Calls `observe` for the kernels that a gradient tape would record: not those within an operation with its own gradient,
 * except `FusedConv2D`, the operation with its own gradient that has a fault.
 */
function observeKernels(
  run: () => unknown,
  observe: (kernel: string, inputs: tf.NamedTensorMap, attributes: Attributes) => void,
): void {
  // Replaced for one synchronous call: a profile of tfjs does not tell the attributes.
  const engine = tf.engine() as unknown as { runKernel: RunKernel; state: { kernelDepth: number } };
  const { runKernel } = engine;
  engine.runKernel = (name, inputs, attributes = {}) => {
    const depth = engine.state.kernelDepth;
    if (depth === (name === 'FusedConv2D' ? 1 : 0)) observe(name, inputs, attributes);
    return runKernel.call(engine, name, inputs, attributes);
  };
  try {
    tf.tidy(() => void run());
  } finally {
    engine.runKernel = runKernel;
  }
}
