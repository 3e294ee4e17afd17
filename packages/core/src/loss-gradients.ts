import * as tf from '@tensorflow/tfjs-core';
import type { BlockOptimizer, PendingUpdate } from './bank-update.ts';
import type { LossContext, LossStep, OpenSetLoss } from './contract.ts';
import { missingKernels } from './describe-backend.ts';
import { ConfigError } from './errors.ts';

/** Options of `lossGradients` and `minimize`. */
export interface LossGradientsOptions {
  /** Passed on to `loss.forward`: the epoch, and whether values are checked. */
  readonly context?: LossContext | undefined;
  /** Variables to differentiate by; default: every trainable variable that `embed` and `loss` use. */
  readonly variables?: readonly tf.Variable[] | undefined;
  /** Called when the loss is computed, before the backward pass; for measuring times. */
  readonly afterForward?: (() => void) | undefined;
  /**
   * The optimizer that takes the step, if it can update in blocks. Class weights whose gradient need not be stored then have no gradient,
   * but a pending update. Set its learning rate before: some weights change at once, with their loss.
   */
  readonly blockOptimizer?: BlockOptimizer | undefined;
}

/** The loss of a batch, its gradients and its pending state change. The caller disposes of all three. */
export interface LossGradients {
  /** The loss of the batch. It outlives `step`. */
  readonly value: tf.Scalar;
  /**
   * One tensor for each variable, of the variable's shape. Frozen variables and variables that this batch does not use
   * are absent.
   */
  readonly gradients: ReadonlyMap<tf.Variable, tf.Tensor>;
  /** Updates of the variables that have no gradient because of `blockOptimizer`. Apply them before the gradients, then dispose of them. */
  readonly updates: readonly PendingUpdate[];
  /** The state change of the loss. Call `commit()` once the gradients have been used, then `dispose()`. */
  readonly step: LossStep;
}

/**
 * Returns the loss of a batch and its gradients, and changes no variable. For training loops that do more with the
 * gradients than one optimizer step: accumulate, clip, inspect. `minimize` is the plain step.
 *
 * @param embed computes the embeddings `[batch, embeddingSize]` of the batch; runs inside the gradient tape
 * @param labels `[batch]` int32, or soft targets `[batch, numClasses]` if the loss takes them
 * @throws what `embed` and `loss.forward` throw; ConfigError if no trainable variable takes part; MissingKernelError if
 *   the backend lacks a kernel for a gradient (on wasm: `import '@openset/wasm-kernels'`). A failed call leaves no
 *   tensors behind.
 * @example
 * import { lossGradients } from '@openset/core';
 * import { CosFaceLoss } from '@openset/margin';
 * import * as tf from '@tensorflow/tfjs';
 *
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 8, inputShape: [4] })] });
 * const loss = new CosFaceLoss({ numClasses: 3, embeddingSize: 8 });
 * const [images, labels] = [tf.randomNormal([6, 4]), tf.tensor1d([0, 0, 1, 1, 2, 2], 'int32')];
 * const embed = () => model.apply(images, { training: true }) as tf.Tensor2D;
 *
 * const optimizer = tf.train.sgd(0.1);
 * const { value, gradients, step } = lossGradients(loss, embed, labels, { context: { epoch: 0 } });
 * optimizer.applyGradients([...gradients].map(([{ name }, tensor]) => ({ name, tensor })));
 * step.commit();
 * step.dispose();
 * tf.dispose([value, ...gradients.values()]);
 */
export function lossGradients(
  loss: OpenSetLoss,
  embed: () => tf.Tensor2D,
  labels: tf.Tensor1D | tf.Tensor2D,
  options: LossGradientsOptions = {},
): LossGradients {
  checkOptions(options);
  const { context, variables, afterForward, blockOptimizer } = options;
  const pending = blockOptimizer?.collectUpdates(loss, variables);
  let step: LossStep | undefined;
  try {
    const { value, grads } = tf.variableGrads(
      () => {
        step = loss.forward(embed(), labels, pending ? { ...context, updates: pending } : context);
        afterForward?.();
        return step.loss;
      },
      variables && [...variables, ...(pending ? [pending.link as tf.Variable] : [])],
    );
    const updates = pending ? pending.take(value, grads) : [];
    if (!updates) {
      step?.dispose();
      return lossGradients(loss, embed, labels, { context, variables, afterForward });
    }
    return {
      value: tf.clone(value) as tf.Scalar,
      gradients: byVariable(grads),
      updates,
      step: explainedStep(step as unknown as LossStep),
    };
  } catch (error) {
    pending?.dispose();
    step?.dispose();
    disposeTape();
    throw explained(error);
  }
}

/** Runs `work`. Replaces tfjs's "Kernel … not registered" by an error that says what to do. */
export function explainMissingKernels<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explained(error);
  }
}

const lossGradientsOptions = ['blockOptimizer', 'context', 'variables', 'afterForward'];

/** Rejects a bare context, `{ epoch }` for `{ context: { epoch } }`: it would be ignored. */
function checkOptions(options: LossGradientsOptions): void {
  const unknown = Object.keys(options).find((key) => !lossGradientsOptions.includes(key));
  if (unknown === undefined) return;
  const isContext = unknown === 'epoch' || unknown === 'checkValues';
  throw new ConfigError(
    `Unknown option '${unknown}' of minimize or lossGradients; the options are ${lossGradientsOptions.join(', ')}.` +
      (isContext ? ` Pass { context: { ${unknown} } }.` : ''),
  );
}

/** The gradients in tfjs's order; tfjs passes null for a variable that is frozen. */
function byVariable(gradients: tf.NamedTensorMap): Map<tf.Variable, tf.Tensor> {
  const registered = tf.engine().registeredVariables;
  const seen = new Set<tf.Tensor>();
  const result = new Map<tf.Variable, tf.Tensor>();
  for (const [name, gradient] of Object.entries(gradients)) {
    if (gradient === null) continue;
    // A custom gradient may return one tensor for two variables; each gets its own to dispose of.
    result.set(registered[name] as tf.Variable, seen.has(gradient) ? tf.clone(gradient) : gradient);
    seen.add(gradient);
  }
  return result;
}

function explainedStep(step: LossStep): LossStep {
  return {
    loss: step.loss,
    ...(step.rowLosses && { rowLosses: step.rowLosses }),
    commit: () => explainMissingKernels(() => step.commit()),
    dispose: () => step.dispose(),
  };
}

/** Frees what the operations on the tape saved: tfjs frees it after the gradients, but not after a failure. */
function disposeTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved);
  state.activeTape = [];
}

function explained(error: unknown): unknown {
  const text = error instanceof Error ? error.message : '';
  const kernel = /Kernel '(\w+)' not registered for backend '(\w+)'/.exec(text);
  if (kernel)
    return missingKernels(kernel[2] as string, [kernel[1] as string], 'This step', { cause: error });
  if (/^variableGrads\(\) expects at least one|^Cannot find a connection between any variable/.test(text)) {
    return new ConfigError(
      'Neither embed nor the loss uses a trainable variable. Compute the embeddings inside embed, and pass only ' +
        'variables that take part.',
      { cause: error },
    );
  }
  return error;
}
