import { DataError, ShapeError, shapeText } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** A variable and its name in a state. */
export interface NamedVariable {
  /** Name in the state of the network. */
  readonly name: string;
  /** The variable. */
  readonly variable: tf.Variable;
}

/** Returns clones of all variables by name. The caller disposes of them. */
export function snapshot(variables: readonly NamedVariable[]): tf.NamedTensorMap {
  return Object.fromEntries(variables.map(({ name, variable }) => [name, tf.clone(variable)]));
}

/**
 * Writes a state into variables. Checks all tensors before it writes the first one.
 * @param owner the backbone, for messages
 * @throws DataError if tensors are missing, unknown or disposed of; ShapeError if one has another shape or type
 */
export function restore(owner: string, variables: readonly NamedVariable[], state: tf.NamedTensorMap): void {
  const names = new Set(variables.map(({ name }) => name));
  const missing = [...names].filter((name) => !(name in state));
  const unknown = Object.keys(state).filter((name) => !names.has(name));
  if (missing.length > 0 || unknown.length > 0) {
    throw new DataError(
      `This state does not fit ${owner}: ${missing.length} of its ${names.size} tensors are missing${listInParentheses(missing)}, ` +
        `${unknown.length} are unknown${listInParentheses(unknown)}.`,
    );
  }
  for (const { name, variable } of variables) {
    const tensor = state[name]!;
    if (tensor.isDisposed) {
      throw new DataError(
        `${owner}: state tensor '${name}' was disposed of. Dispose of a state after setState, not before.`,
      );
    }
    if (tf.util.arraysEqual(tensor.shape, variable.shape) && tensor.dtype === variable.dtype) continue;
    throw new ShapeError(
      `${owner}: state tensor '${name}' must be ${variable.dtype} ${shapeText(variable.shape)}, but is ` +
        `${tensor.dtype} ${shapeText(tensor.shape)}.`,
    );
  }
  for (const { name, variable } of variables) tf.tidy(() => variable.assign(tf.clone(state[name]!)));
}

/** Returns ` (a, b, c and 12 more)` for messages; the empty string for no names. */
export function listInParentheses(names: readonly string[], limit = 8): string {
  if (names.length === 0) return '';
  const rest = names.length > limit ? ` and ${names.length - limit} more` : '';
  return ` (${names.slice(0, limit).join(', ')}${rest})`;
}
