import * as tf from '@tensorflow/tfjs-core';
import { type BackendEngine, findBankLossKernel } from './bank-loss-kernel.ts';
import { MissingKernelError } from './errors.ts';
import { type KernelNeeds, lossKernels } from './kernel-needs.ts';
import { computesInJavaScript, kernelPackageOf } from './storage.ts';
import { findWrongGradients, type WrongGradient } from './wrong-gradients.ts';

/** Presence of one kernel on the backend. */
export interface KernelPresence {
  /** Name of the kernel, as tfjs registers it. */
  readonly name: string;
  /** The `part` of the needs that name it. */
  readonly part: string;
  /** Whether code fails without it; otherwise it is only slower. */
  readonly required: boolean;
  /** Whether the backend has it. */
  readonly present: boolean;
}

/** Result of {@link describeBackend}. */
export interface BackendDescription extends BackendEngine {
  /** Name of the backend, as in `tf.setBackend`. */
  readonly backend: string;
  /** The kernels that were asked for. */
  readonly kernels: readonly KernelPresence[];
  /** Names of the required kernels that the backend lacks. */
  readonly missing: readonly string[];
  /** Operations of the forward pass that the backend differentiates wrongly; empty without a forward pass. */
  readonly wrongGradients: readonly WrongGradient[];
}

/**
 * Returns how the active backend computes and which kernels it has.
 *
 * @param needs what is going to run on it; default: the losses. `@openset/backbones` exports `networkKernels`,
 *   `@openset/train` exports `optimizerKernels`.
 * @param forward runs a model, synchronously and once, so that the operations are known which the backend differentiates
 *   wrongly without an error; docs/backends.md lists them
 */
export function describeBackend(
  needs: readonly KernelNeeds[] = [lossKernels],
  forward?: () => unknown,
): BackendDescription {
  const kernels = needs.flatMap(({ part, required, accelerating }) => {
    const presence = (names: readonly string[], isRequired: boolean): KernelPresence[] =>
      names.map((name) => ({ name, part, required: isRequired, present: hasKernel(name) }));
    return [...presence(required, true), ...presence(accelerating, false)];
  });
  const missing = kernels.filter(({ required, present }) => required && !present).map(({ name }) => name);
  const wrongGradients = forward ? findWrongGradients(forward) : [];
  return { backend: tf.getBackend(), ...describeEngine(), kernels, missing, wrongGradients };
}

/** For each array of names, the backends known to have them all. */
const checked = new WeakMap<readonly string[], Set<string>>();

/**
 * Checks that the active backend has some kernels. Cheap: the same array is looked up once for each backend.
 *
 * @param names names of tfjs kernels, such as `lossKernels.required`
 * @param what who needs them, for the message
 * @throws MissingKernelError with the missing kernels and what adds them
 */
export function requireKernels(names: readonly string[], what: string): void {
  const backend = tf.getBackend();
  if (checked.get(names)?.has(backend)) return;
  const missing = names.filter((name) => !hasKernel(name));
  if (missing.length > 0) throw missingKernels(backend, missing, what);
  checked.set(names, (checked.get(names) ?? new Set()).add(backend));
}

/** Returns the error for kernels that a backend lacks. */
export function missingKernels(
  backend: string,
  names: readonly string[],
  what: string,
  options?: ErrorOptions,
): MissingKernelError {
  const kernelPackage = kernelPackageOf(backend);
  const remedy = kernelPackage
    ? `import '${kernelPackage}', which adds what stock tfjs-backend-${backend} lacks for training`
    : 'use another backend, or a backbone without this operation';
  const kernels = `${names.length > 1 ? 'kernels' : 'kernel'} ${names.map((name) => `'${name}'`).join(', ')}`;
  return new MissingKernelError(`${what}: the backend '${backend}' has no ${kernels}: ${remedy}.`, options);
}

/** Returns whether the active backend has a kernel of this name. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

function describeEngine(): BackendEngine {
  const describe = findBankLossKernel()?.describe;
  if (describe) return describe();
  if (computesInJavaScript()) return { threads: 1, simd: false, relaxedSimd: false };
  return { threads: null, simd: null, relaxedSimd: null };
}
