import * as tf from '@tensorflow/tfjs-core';
import { explainMissingKernels } from './loss-gradients.ts';
import { shareStorage } from './storage.ts';

/** What tfjs records of a forward pass: its operations, in their order. */
export type Tape = NonNullable<ReturnType<typeof tf.engine>['state']['activeTape']>;
type Operation = Tape[number];

/** Gradients of variables that no operation further back can change; each tensor belongs to the receiver. */
export type FinalGradients = readonly (readonly [tf.Variable, tf.Tensor])[];

/**
 * Runs the backward pass of a tape, one operation at each step of the iteration, so that a program can use the gradients of the last layers
 * while those of the first are still to be computed. `engine().gradients` of tfjs computes all of them in one call. Frees what an operation
 * saved, and the gradient of its result, as soon as both were used. An iteration that ends early frees everything.
 *
 * @param output a result of the tape
 * @param outputGradient gradient of `output`, in its shape; the caller disposes of it
 * @returns the gradients that are final after each operation, of all variables that `output` depends on
 */
export function* walkBack(
  tape: Tape,
  output: tf.Tensor,
  outputGradient: tf.Tensor,
  variables: readonly tf.Variable[],
): Generator<FinalGradients, void, undefined> {
  const gradients = new Map([[output.id, shareStorage(outputGradient)]]);
  const operations = connecting(tape, variables, output);
  const firstUses = new Map<Operation | undefined, tf.Variable[]>();
  for (const variable of variables) {
    const first = operations.find(({ inputs }) => Object.values(inputs).some(({ id }) => id === variable.id));
    firstUses.set(first, [...(firstUses.get(first) ?? []), variable]);
  }
  try {
    for (const operation of operations.reverse()) {
      explainMissingKernels(() => backpropagate(operation, gradients));
      yield takeGradients(firstUses.get(operation) ?? [], gradients);
    }
    // The output itself may be a variable.
    yield takeGradients(firstUses.get(undefined) ?? [], gradients);
  } finally {
    disposeTape(tape);
    tf.dispose([...gradients.values()]);
  }
}

/** Frees what the operations of a tape saved; safe to call more than once. */
export function disposeTape(tape: Tape): void {
  for (const { saved = [] } of tape) tf.dispose([...saved]);
}

/** Returns the operations between the variables and the output, with only those inputs that depend on the variables. */
function connecting(tape: Tape, variables: readonly tf.Variable[], output: tf.Tensor): Operation[] {
  const dependent = new Set<number>(variables.map(({ id }) => id));
  const fromVariables: Operation[] = [];
  for (const operation of tape) {
    const inputs = Object.entries(operation.inputs).filter(([, { id }]) => dependent.has(id));
    if (inputs.length === 0) continue;
    for (const { id } of operation.outputs) dependent.add(id);
    fromVariables.push({ ...operation, inputs: Object.fromEntries(inputs) });
  }
  const needed = new Set([output.id]);
  const leadsToOutput = ({ inputs, outputs }: Operation) => {
    if (!outputs.some(({ id }) => needed.has(id))) return false;
    for (const { id } of Object.values(inputs)) needed.add(id);
    return true;
  };
  return fromVariables.reverse().filter(leadsToOutput).reverse();
}

/** Replaces the gradients of the results of an operation by those of its inputs, which are added to what the inputs have. */
function backpropagate(operation: Operation, gradients: Map<number, tf.Tensor>): void {
  const { inputs, outputs, kernelName, gradient, saved = [] } = operation;
  if (!gradient) throw new Error(`Cannot compute gradient: gradient function not found for ${kernelName}.`);
  const ofOutputs = outputs.map(({ id }) => gradients.get(id) ?? null);
  const ofInputs = tf.tidy(() => {
    // tfjs takes null for a result that does not affect the output.
    const functions = gradient(ofOutputs as tf.Tensor[]);
    // A gradient may be one that was passed in, or that of another input too; each gets a tensor of its own.
    return Object.keys(inputs).map((name) => shareStorage(functions[name]!()));
  });
  for (const { id } of outputs) gradients.delete(id);
  tf.dispose([...ofOutputs.filter((each) => each !== null), ...saved]);
  for (const [index, { id, shape }] of Object.values(inputs).entries()) {
    const added = ofInputs[index]!;
    if (!tf.util.arraysEqual(added.shape, shape)) {
      tf.dispose(ofInputs.slice(index));
      throw new Error(
        `Error in gradient for op ${kernelName}: its shape is [${added.shape}], but that of its input is [${shape}].`,
      );
    }
    const before = gradients.get(id);
    gradients.set(id, before ? tf.add(before, added) : added);
    if (before) tf.dispose([before, added]);
  }
}

function takeGradients(variables: readonly tf.Variable[], gradients: Map<number, tf.Tensor>): FinalGradients {
  return variables.flatMap((variable) => {
    const gradient = gradients.get(variable.id);
    gradients.delete(variable.id);
    return gradient ? [[variable, gradient] as const] : [];
  });
}
