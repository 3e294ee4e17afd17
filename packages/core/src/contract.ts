import type { NamedTensorMap, Scalar, Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import type { PendingUpdates } from './bank-update.ts';
import type { SecondBank } from './second-bank.ts';

/** Facts about the training run that a loss may need. */
export interface LossContext {
  /**
   * The epoch, counted from 0. Losses with a start epoch require it, and so do parts of a `CombinedLoss` with a start or end
   * epoch. Options such as `startEpoch` and text for people count from 1; `epochNumber` converts.
   */
  readonly epoch?: number;
  /**
   * Whether to check that labels are in range and embeddings are finite. Default: true on backends where reading values is
   * free (cpu, wasm, node), false where it would stall a GPU.
   */
  readonly checkValues?: boolean;
  /**
   * `[count]` int32, distinct: the classes that take part in this step, instead of drawn ones. Losses with class weights score the
   * batch against these alone, with hard labels that are all among them; other losses ignore it. For a run that draws the classes
   * itself, such as on several machines.
   */
  readonly sampledClasses?: Tensor1D;
  /**
   * A bank to score the batch against beside the class weights; each counts half. Losses with class weights score it with their
   * criterion, margins and state, or refuse it (`checkSecondBank`); other losses ignore it. EPL passes its prototypes to its base.
   */
  readonly secondBank?: SecondBank;
  /**
   * Takes updates of class weights in place of their gradients; `lossGradients` sets it for a `blockOptimizer`. `forward` may then change
   * weights that only it reads, if the loss allows for it (see `PendingUpdate.isApplied`).
   */
  readonly updates?: PendingUpdates;
}

/** A pending change of a loss's state. */
export interface StateStep {
  /**
   * Applies the change to the loss's memory. Call it once, after the gradients of this batch have been computed.
   * @throws ConfigError on a second call, or after `dispose()`
   */
  commit(): void;
  /** Frees what the step holds; safe to call more than once, with or without `commit()`. */
  dispose(): void;
}

/** The result of `forward`: the loss of a batch, and the state change that belongs to it. */
export interface LossStep extends StateStep {
  /** Mean loss of the batch. `dispose()` frees it; clone it to keep it. */
  readonly loss: Scalar;
  /**
   * `[batch]`: the loss of each sample, for logs and for mining; their mean is the loss, 0 for a sample that does not count.
   * Without a gradient. `dispose()` frees it. Missing if the loss is no mean over samples.
   */
  readonly rowLosses?: Tensor1D;
}

/** A learned decision threshold. */
export interface LearnedThreshold {
  /** Smallest cosine to accept. */
  readonly cosine: number;
  /**
   * The pairs that the threshold separates. A threshold between an embedding and a class weight (BCE-unified, UniFace) is
   * higher than one between two embeddings (USS, UniTSFace), because samples are closer to their class weight than to each
   * other.
   */
  readonly between: 'embeddings' | 'embedding and class';
  /**
   * γ or s, the factor of the cosines in the logit `scale · cosine − bias`, above 0. Missing if the loss is no logistic
   * regression of "same" on the cosine; then `pairThreshold` has no closed form.
   */
  readonly scale?: number;
  /**
   * Comparisons with other identities for each comparison with the same one, at which `cosine` makes the fewest errors,
   * above 0: `N − 1` for USS and for BCE-unified. Weights and sampling of negatives count. Missing like `scale`.
   */
  readonly comparisons?: number;
}

/** Configuration of a loss as plain JSON: its class name under `loss`, and its options. */
export type LossConfig = { readonly loss: string } & { readonly [option: string]: unknown };

/**
 * The contract of a loss. `forward` is a pure function of batch and state; only `commit` and `setState` change the state.
 *
 * One training step is: `forward` inside a gradient tape, gradients, optimizer, `commit`, `dispose`. `minimize` does all of
 * this.
 */
export interface OpenSetLoss {
  /** The class name, as in `getConfig().loss`. */
  readonly name: string;
  /** Variables that the optimizer changes, such as `weight` and `bias`. */
  readonly trainable: readonly Variable[];
  /** Variables that `commit()` changes, such as `featureMemory` and `empiricalPrototypes`. */
  readonly memory: readonly Variable[];
  /**
   * Returns the loss of a batch, and the state change to commit. Changes no state.
   *
   * @param embeddings `[batch, embeddingSize]` float32, not normalised: the loss does that
   * @param labels `[batch]` int32 in `[0, numClasses)`; softmax and BCE losses without a margin also accept soft targets
   *   `[batch, numClasses]`
   * @throws ShapeError, DataError, ConfigError before it computes anything
   */
  forward(embeddings: Tensor2D, labels: Tensor1D | Tensor2D, context?: LossContext): LossStep;
  /**
   * Returns the state change of a batch that is observed but not scored. Losses without a memory need no such method. Before
   * its start epoch, a part of a `CombinedLoss` fills its memory this way.
   * @param embeddings `[batch, embeddingSize]` float32, not normalised
   * @param labels `[batch]` int32 in `[0, numClasses)`
   * @throws ShapeError, DataError, ConfigError
   */
  observe?(embeddings: Tensor2D, labels: Tensor1D, context?: LossContext): StateStep;
  /**
   * Returns what the loss sees in a batch: numbers by name for logs, such as the quality of each sample, or how many negatives are
   * hard. Each loss that has this method documents them. Changes no state.
   */
  inspect?(
    embeddings: Tensor2D,
    labels: Tensor1D,
    context?: LossContext,
  ): Promise<Readonly<Record<string, ArrayLike<number>>>>;
  /**
   * Returns the learned unified threshold; null if this loss learns none, or has not started to. Reads one number from the
   * backend synchronously. WebGPU may not allow that; `readThreshold(loss)` reads it asynchronously.
   */
  threshold(): LearnedThreshold | null;
  /**
   * Returns the options of this loss as plain JSON; nested losses appear as their configurations.
   * `createLoss(loss.getConfig(), descriptors)` builds an equal loss, with initial values. So does
   * `new Loss(loss.getConfig())` for a loss without nested losses.
   */
  getConfig(): LossConfig;
  /** Returns a snapshot of everything that a checkpoint needs, by name. The caller disposes of the tensors. */
  getState(): NamedTensorMap;
  /**
   * Restores a snapshot, copying its tensors. Checks all names, shapes and types before it writes the first tensor.
   * @throws ShapeError, DataError with the names and shapes found and expected; the state is then unchanged
   */
  setState(state: NamedTensorMap): void;
  /** Frees all variables. */
  dispose(): void;
}
