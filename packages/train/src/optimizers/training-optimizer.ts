import {
  type BlockOptimizer,
  type BlockUpdate,
  ConfigError,
  checkNumber,
  DataError,
  hasKernel,
  isShared,
  PendingUpdates,
  ShapeError,
  shapeText,
  type UpdateRule,
  type WeightedLoss,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { createExclusionTest, type WeightDecayExclusion } from './weight-decay.ts';

/** Options of every optimizer. */
export interface TrainingOptimizerOptions {
  /** Learning rate until a schedule sets another one; a `Trainer` sets it before every step. */
  readonly learningRate: number;
  /** Weight decay of every variable, biases and batch norms included, as in the papers' code. */
  readonly weightDecay?: number;
  /** Variables that weight decay skips; default none. */
  readonly excludeFromWeightDecay?: WeightDecayExclusion;
}

/** The update of one variable. */
export interface VariableUpdate {
  /** Value of the variable before the step. */
  readonly parameter: tf.Tensor;
  /** Owned by the update: a kernel may write results into its memory. */
  readonly gradient: tf.Tensor;
  /** In the order of `slotNames`; owned by the update, like the gradient. */
  readonly slots: readonly tf.Tensor[];
  /** 0 if the variable is excluded. */
  readonly weightDecay: number;
  /** Number of updates of this variable, including this one. */
  readonly step: number;
}

/** Gradients by variable name, as a map or as a list. */
export type VariableGradients = Parameters<tf.Optimizer['applyGradients']>[0];

/** Name of an anchor in a snapshot. */
const anchorName = 'start';

interface Slots {
  step: number;
  tensors: readonly tf.Tensor[];
}

/**
 * An optimizer with PyTorch's semantics, for a `Trainer`, for core's `minimize`, and for plain tfjs (`model.compile`,
 * `applyGradients`). Slots (momentum, moments) belong to a variable, not to a position in a list. A variable without a
 * gradient does not change, like a parameter whose `grad` is `None`.
 *
 * `applyGradients` may overwrite the gradients: dispose of them afterwards without reading them.
 */
export abstract class TrainingOptimizer extends tf.Optimizer implements BlockOptimizer {
  /** The learning rate of the next step. */
  learningRate: number;
  /** Names of the tensors kept for each variable; each has the variable's shape. */
  abstract readonly slotNames: readonly string[];
  protected readonly weightDecay: number;
  private readonly isExcluded: (variable: tf.Variable) => boolean;
  private readonly slots = new Map<tf.Variable, Slots>();
  /** Values that weight decay pulls variables towards; other variables are pulled towards zero. */
  private readonly anchors = new Map<tf.Variable, tf.Tensor>();

  /** @throws ConfigError if the learning rate or the weight decay is not a finite number of at least 0 */
  protected constructor(name: string, options: TrainingOptimizerOptions) {
    super();
    const { learningRate, weightDecay = 0, excludeFromWeightDecay = [] } = options;
    checkNumber(`${name}: learningRate`, learningRate, { minimum: 0 });
    checkNumber(`${name}: weightDecay`, weightDecay, { minimum: 0 });
    this.learningRate = learningRate;
    this.weightDecay = weightDecay;
    this.isExcluded = createExclusionTest(excludeFromWeightDecay);
  }

  /** Returns an update whose weight decay pulls towards a value instead of towards zero. Runs inside `tf.tidy`. */
  protected abstract pullTowards(start: tf.Tensor, update: VariableUpdate): VariableUpdate;

  /** Returns the variable's new value, then its slots in the order of `slotNames`. Runs inside `tf.tidy`. */
  protected abstract update(update: VariableUpdate): readonly tf.Tensor[];

  /**
   * Returns the update of a variable as numbers that kernels read, for updates in blocks; missing if an optimizer has no such form.
   * @param step number of updates of the variable, including this one
   */
  protected rule?(weightDecay: number, step: number): UpdateRule;

  /** Returns the collector of the updates of one step, for core's `lossGradients`. */
  collectUpdates(loss: WeightedLoss, variables?: readonly tf.Variable[]): PendingUpdates {
    return new PendingUpdates(this, loss, variables);
  }

  /** Whether a variable can be updated in blocks of rows: not if weight decay pulls it towards an anchor. */
  canUpdateBlocks(variable: tf.Variable): boolean {
    return this.rule !== undefined && !(this.anchors.has(variable) && this.decayOf(variable) !== 0);
  }

  /**
   * Begins the update of a variable in blocks of rows, for core's `lossGradients`. The rows need not come from a stored gradient. The
   * step counts when it is finished.
   * @throws ConfigError unless `canUpdateBlocks`
   */
  beginBlocks(variable: tf.Variable): BlockUpdate {
    if (!this.canUpdateBlocks(variable)) {
      throw new ConfigError(
        `${this.getClassName()} cannot update '${variable.name}' in blocks. Pass its gradient to applyGradients.`,
      );
    }
    const slots = this.slotsOf(variable);
    slots.tensors = slots.tensors.map(withOwnMemory);
    const weightDecay = this.decayOf(variable);
    const step = slots.step + 1;
    return {
      rule: this.rule!(weightDecay, step),
      slots: slots.tensors,
      apply: (parameter, gradient, tensors) =>
        this.update({ parameter, gradient, slots: tensors, weightDecay, step }),
      finish: (tensors) => {
        tf.dispose(slots.tensors.filter((tensor) => !tensors.includes(tensor)));
        slots.tensors = tensors;
        slots.step = step;
      },
    };
  }

  /**
   * Makes weight decay pull variables towards their present values instead of towards zero: with SGD, the gradient of
   * `λ/2 · ‖p − start‖²` (L2-SP; Li, Grandvalet and Davoine, ICML 2018). Fine-tuning with it forgets less of what the
   * variables were trained for. The values are part of `getState`, so a resumed run keeps its start.
   * @param variables such as `backbone.trainable` after it has taken pretrained weights; replaces earlier anchors of these
   */
  anchor(variables: readonly tf.Variable[]): void {
    for (const variable of variables) {
      this.anchors.get(variable)?.dispose();
      this.anchors.set(variable, tf.keep(tf.clone(variable)));
    }
  }

  /** Number of values of all anchored variables. */
  get anchoredSize(): number {
    return [...this.anchors.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Updates the variables.
   * @param variableGradients by variable name; may be overwritten
   * @throws ConfigError for an unknown variable, ShapeError for a gradient of another shape, before any variable changes
   */
  applyGradients(variableGradients: VariableGradients): void {
    const entries = Array.isArray(variableGradients)
      ? variableGradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(variableGradients);
    const registered = tf.engine().registeredVariables;
    const checked = entries
      // tfjs passes null for frozen variables.
      .filter(([, gradient]) => gradient != null)
      .map(([name, gradient]) => {
        const variable = registered[name];
        if (!variable)
          throw new ConfigError(`Gradient of '${name}': no such variable; it may have been disposed of.`);
        checkShape(`The gradient of '${name}'`, gradient.shape, variable.shape);
        return [variable, gradient] as const;
      });
    for (const [variable, gradient] of checked) this.updateVariable(variable, gradient);
    this.incrementIterations();
  }

  /**
   * Returns a snapshot of step counts and slots, named `<variable>.step` and `<variable>.<slot>`. Variables that were
   * never updated have none. Anchored variables also have `<variable>.start`. The caller disposes of the tensors.
   * @param variables by their names in the snapshot, because tfjs names differ from run to run
   */
  getState(variables: Readonly<Record<string, tf.Variable>>): tf.NamedTensorMap {
    const state: tf.NamedTensorMap = {};
    for (const [name, variable] of Object.entries(variables)) {
      const anchor = this.anchors.get(variable);
      if (anchor) state[`${name}.${anchorName}`] = tf.clone(anchor);
      const slots = this.slots.get(variable);
      if (!slots) continue;
      state[`${name}.step`] = tf.scalar(slots.step, 'int32');
      for (const [index, slotName] of this.slotNames.entries()) {
        state[`${name}.${slotName}`] = tf.clone(slots.tensors[index]!);
      }
    }
    return state;
  }

  /**
   * Restores a snapshot and discards all present slots. Names and shapes are checked first. The same variables must be
   * anchored as in the snapshot.
   * @throws DataError for missing or unknown names, ShapeError for other shapes; the state is then unchanged
   */
  setState(state: tf.NamedTensorMap, variables: Readonly<Record<string, tf.Variable>>): void {
    const unread = new Set(Object.keys(state));
    const restored: [tf.Variable, string][] = [];
    const anchored: [tf.Variable, tf.Tensor][] = [];
    for (const [name, variable] of Object.entries(variables)) {
      if (this.anchors.has(variable)) anchored.push([variable, readAnchor(state, name, variable, unread)]);
      const names = ['step', ...this.slotNames].map((slotName) => `${name}.${slotName}`);
      const missing = names.filter((slotName) => !unread.delete(slotName));
      // Never updated before the snapshot.
      if (missing.length === names.length) continue;
      if (missing.length > 0) throw new DataError(`The optimizer state lacks ${missing.join(', ')}.`);
      for (const slotName of names.slice(1)) {
        checkShape(`The optimizer state '${slotName}'`, (state[slotName] as tf.Tensor).shape, variable.shape);
      }
      restored.push([variable, name]);
    }
    if (unread.size > 0) {
      const known = Object.keys(variables).join(', ') || 'none';
      throw new DataError(
        `The optimizer state has unknown tensors ${[...unread].join(', ')}; expected are the slots ` +
          `${['step', ...this.slotNames].join(', ')} of the variables ${known}.`,
      );
    }
    this.disposeSlots();
    for (const [variable, start] of anchored) {
      this.anchors.get(variable)?.dispose();
      this.anchors.set(variable, tf.keep(tf.clone(start)));
    }
    for (const [variable, name] of restored) {
      const tensors = this.slotNames.map((slotName) =>
        tf.keep(tf.clone(state[`${name}.${slotName}`] as tf.Tensor)),
      );
      this.slots.set(variable, { step: state[`${name}.step`]?.dataSync()[0] as number, tensors });
    }
  }

  override dispose(): void {
    this.disposeSlots();
    tf.dispose([...this.anchors.values()]);
    this.anchors.clear();
    super.dispose();
  }

  private updateVariable(variable: tf.Variable, gradient: tf.Tensor): void {
    const slots = this.slotsOf(variable);
    slots.step++;
    const { step, tensors } = slots;
    const weightDecay = this.decayOf(variable);
    tf.tidy(() => {
      const [value, ...next] = this.update(
        this.decayTowardsAnchor(
          { parameter: variable, gradient, slots: tensors, weightDecay, step },
          variable,
        ),
      );
      variable.assign(value as tf.Tensor);
      slots.tensors = next.map((tensor) => tf.keep(tensor));
      tf.dispose([...tensors]);
    });
  }

  private decayOf(variable: tf.Variable): number {
    return this.isExcluded(variable) ? 0 : this.weightDecay;
  }

  private slotsOf(variable: tf.Variable): Slots {
    const present = this.slots.get(variable);
    if (present) return present;
    // `tf.zeros` would first hold them outside of the backend, too.
    const slots = { step: 0, tensors: this.slotNames.map(() => tf.keep(tf.fill(variable.shape, 0))) };
    this.slots.set(variable, slots);
    return slots;
  }

  /** Returns the update with the pull towards the variable's anchor, if it has one. */
  private decayTowardsAnchor(update: VariableUpdate, variable: tf.Variable): VariableUpdate {
    const anchor = this.anchors.get(variable);
    return anchor && update.weightDecay !== 0 ? this.pullTowards(anchor, update) : update;
  }

  private disposeSlots(): void {
    for (const { tensors } of this.slots.values()) tf.dispose([...tensors]);
    this.slots.clear();
  }
}

/** Returns a slot whose memory no other tensor shares, such as a snapshot: a kernel may write to it. */
function withOwnMemory(slot: tf.Tensor): tf.Tensor {
  if (!isShared(slot)) return slot;
  const copy = tf.keep(tf.mul(slot, 1));
  slot.dispose();
  return copy;
}

/** Runs the active backend's kernel for a whole update. Returns null if the backend has none. */
export function runUpdateKernel(
  name: string,
  inputs: tf.NamedTensorMap,
  attributes: Readonly<Record<string, number | boolean>>,
): tf.Tensor[] | null {
  if (!hasKernel(name)) return null;
  return tf.engine().runKernel(name, inputs, attributes) as tf.Tensor[];
}

/** Returns the start of an anchored variable in a snapshot. */
function readAnchor(
  state: tf.NamedTensorMap,
  name: string,
  { shape }: tf.Variable,
  unread: Set<string>,
): tf.Tensor {
  const key = `${name}.${anchorName}`;
  const start = state[key];
  if (!start) {
    throw new DataError(
      `The optimizer state lacks ${key}: its run did not anchor this variable. Resume with the same settings.`,
    );
  }
  checkShape(`The optimizer state '${key}'`, start.shape, shape);
  unread.delete(key);
  return start;
}

function checkShape(what: string, found: readonly number[], expected: readonly number[]): void {
  if (tf.util.arraysEqual([...found], [...expected])) return;
  throw new ShapeError(`${what} has shape ${shapeText(found)}, but its variable has ${shapeText(expected)}.`);
}
