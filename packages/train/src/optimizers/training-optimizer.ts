import { ConfigError, checkNumber, DataError, hasKernel, ShapeError, shapeText } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { createExclusionTest, type WeightDecayExclusion } from './weight-decay.ts';

/** What the optimizers have in common. */
export interface TrainingOptimizerOptions {
  /** Until a schedule sets another one; a `Trainer` sets it before every step. */
  readonly learningRate: number;
  /** Applied to every variable, biases and batch norms too, as in the papers' code. */
  readonly weightDecay?: number;
  /** Variables without weight decay; default none. */
  readonly excludeFromWeightDecay?: WeightDecayExclusion;
}

/** One variable's turn. */
export interface VariableUpdate {
  readonly parameter: tf.Tensor;
  /** Given up by the caller: a kernel may use its memory for results. */
  readonly gradient: tf.Tensor;
  /** In the order of `slotNames`; given up like the gradient. */
  readonly slots: readonly tf.Tensor[];
  /** 0 where the variable is excluded from it. */
  readonly weightDecay: number;
  /** How many times this variable has been moved, this time included. */
  readonly step: number;
}

/** Gradients by variable name, as a map or as a list. */
export type VariableGradients = Parameters<tf.Optimizer['applyGradients']>[0];

interface Slots {
  step: number;
  tensors: readonly tf.Tensor[];
}

/**
 * An optimizer with the meaning that PyTorch gives to it, for a `Trainer`, for core's `minimize`, and for plain tfjs
 * (`model.compile`, `applyGradients`). Slots (momentum, moments) belong to a variable, wherever it stands in a list. A
 * variable without a gradient stays as it is, as a parameter does whose `grad` is `None`.
 *
 * `applyGradients` uses the gradients up: dispose of them afterwards, and do not read them.
 */
export abstract class TrainingOptimizer extends tf.Optimizer {
  /** The learning rate of the next step. */
  learningRate: number;
  /** The names of the tensors kept for each variable, of its shape. */
  abstract readonly slotNames: readonly string[];
  protected readonly weightDecay: number;
  private readonly isExcluded: (variable: tf.Variable) => boolean;
  private readonly slots = new Map<tf.Variable, Slots>();

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

  /** The variable's new value, then its slots in the order of `slotNames`; runs in a `tf.tidy`. */
  protected abstract update(update: VariableUpdate): readonly tf.Tensor[];

  /**
   * Moves the variables.
   * @param variableGradients by variable name; used up
   * @throws ConfigError for a name that is no variable's, ShapeError for a gradient of another shape; nothing has
   *   been moved then
   */
  applyGradients(variableGradients: VariableGradients): void {
    const moves = Array.isArray(variableGradients)
      ? variableGradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(variableGradients);
    const registered = tf.engine().registeredVariables;
    const checked = moves
      // tfjs passes null for variables that are not trainable.
      .filter(([, gradient]) => gradient != null)
      .map(([name, gradient]) => {
        const variable = registered[name];
        if (!variable) throw new ConfigError(`There is no variable '${name}', or it was disposed of.`);
        checkShape(`The gradient of '${name}'`, gradient.shape, variable.shape);
        return [variable, gradient] as const;
      });
    for (const [variable, gradient] of checked) this.move(variable, gradient);
    this.incrementIterations();
  }

  /**
   * A snapshot of step counts and slots, named `<variable>.step` and `<variable>.<slot>`; variables that have not
   * been moved yet have none. The caller disposes of the tensors.
   * @param variables by the names they are to have in the snapshot: tfjs names differ from run to run
   */
  getState(variables: Readonly<Record<string, tf.Variable>>): tf.NamedTensorMap {
    const state: tf.NamedTensorMap = {};
    for (const [name, variable] of Object.entries(variables)) {
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
   * Takes a snapshot back; slots of before are gone. Names and shapes are checked before anything is changed.
   * @throws DataError for missing or unknown names, ShapeError for other shapes
   */
  setState(state: tf.NamedTensorMap, variables: Readonly<Record<string, tf.Variable>>): void {
    const left = new Set(Object.keys(state));
    const taken: [tf.Variable, string][] = [];
    for (const [name, variable] of Object.entries(variables)) {
      const names = ['step', ...this.slotNames].map((slotName) => `${name}.${slotName}`);
      const missing = names.filter((slotName) => !left.delete(slotName));
      // Not moved yet when the snapshot was taken.
      if (missing.length === names.length) continue;
      if (missing.length > 0) throw new DataError(`The optimizer state lacks ${missing.join(', ')}.`);
      for (const slotName of names.slice(1)) {
        checkShape(`The optimizer state '${slotName}'`, (state[slotName] as tf.Tensor).shape, variable.shape);
      }
      taken.push([variable, name]);
    }
    if (left.size > 0) {
      const known = Object.keys(variables).join(', ') || 'none';
      throw new DataError(
        `The optimizer state has ${[...left].join(', ')}; its slots are step, ${this.slotNames.join(', ')} of the ` +
          `variables ${known}.`,
      );
    }
    this.disposeSlots();
    for (const [variable, name] of taken) {
      const tensors = this.slotNames.map((slotName) =>
        tf.keep(tf.clone(state[`${name}.${slotName}`] as tf.Tensor)),
      );
      this.slots.set(variable, { step: state[`${name}.step`]?.dataSync()[0] as number, tensors });
    }
  }

  override dispose(): void {
    this.disposeSlots();
    super.dispose();
  }

  private move(variable: tf.Variable, gradient: tf.Tensor): void {
    let slots = this.slots.get(variable);
    if (!slots) {
      slots = { step: 0, tensors: this.slotNames.map(() => tf.keep(tf.zeros(variable.shape))) };
      this.slots.set(variable, slots);
    }
    slots.step++;
    const { step, tensors } = slots;
    const weightDecay = this.isExcluded(variable) ? 0 : this.weightDecay;
    tf.tidy(() => {
      const [value, ...next] = this.update({
        parameter: variable,
        gradient,
        slots: tensors,
        weightDecay,
        step,
      });
      variable.assign(value as tf.Tensor);
      slots.tensors = next.map((tensor) => tf.keep(tensor));
      tf.dispose([...tensors]);
    });
  }

  private disposeSlots(): void {
    for (const { tensors } of this.slots.values()) tf.dispose([...tensors]);
    this.slots.clear();
  }
}

/** Runs the kernel that the active backend has for a whole update; null if it has none. */
export function runUpdateKernel(
  name: string,
  inputs: tf.NamedTensorMap,
  attributes: Readonly<Record<string, number | boolean>>,
): tf.Tensor[] | null {
  if (!hasKernel(name)) return null;
  return tf.engine().runKernel(name, inputs, attributes) as tf.Tensor[];
}

function checkShape(what: string, found: readonly number[], expected: readonly number[]): void {
  if (tf.util.arraysEqual([...found], [...expected])) return;
  throw new ShapeError(`${what} has shape ${shapeText(found)}, but its variable has ${shapeText(expected)}.`);
}
