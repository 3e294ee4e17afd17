import * as tf from '@tensorflow/tfjs-core';
import { cosineBankUpdateKernel, findBankLossKernel } from './bank-loss-kernel.ts';
import {
  differentiableInputs,
  type KeptRows,
  kernelInputs,
  kernelSupports,
  runBankLossKernel,
  timesUpstream,
} from './bank-loss-operation.ts';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import type { PendingUpdates } from './bank-update.ts';
import {
  AppliedBankUpdate,
  type DeferredBank,
  KernelBankUpdate,
  makePrivate,
  StreamedBankUpdate,
  slotInputs,
} from './deferred-bank.ts';
import { hasKernel } from './describe-backend.ts';
import { streamedBankLoss } from './streamed-bank-loss.ts';
import { operation } from './tape.ts';

/**
 * Returns whether the gradient of a bank can be a pending update: the bank is a variable, all of its classes take part (SGD with momentum
 * changes the others too), and no bias waits for the same second pass.
 */
export function canDeferBank(
  { bank, bias, classes }: BankInputs,
  { bankGradient, criterion }: ResolvedBankOptions,
): boolean {
  const waits = criterion.name === 'softmax' && bias !== undefined && bias.shape[0] !== 1;
  return (
    bankGradient && bank instanceof tf.Variable && !classes && !waits && tf.engine().state.gradientDepth > 0
  );
}

/** Returns the outputs of an operation, changed. */
export type FinishOutputs = (outputs: readonly tf.Tensor[]) => readonly tf.Tensor[];

/** Returns the loss, and adds the update of the bank to `updates` in place of its gradient. */
export function bankLossWithUpdate(
  inputs: BankInputs,
  options: ResolvedBankOptions,
  keep: KeptRows,
  updates: PendingUpdates,
  finish: FinishOutputs = (outputs) => outputs,
): tf.Scalar {
  const withoutBank = { ...options, bankGradient: false };
  let update: DeferredBank | undefined;
  return operation(
    [...differentiableInputs(inputs, withoutBank), updates.link],
    () => {
      const computed = computeWithUpdate(inputs, withoutBank, updates);
      update = computed.update;
      updates.add(update);
      const [loss, rowLosses, ...partials] = finish(computed.outputs);
      keep.rowLosses = tf.keep(rowLosses as tf.Tensor1D);
      return { value: loss as tf.Scalar, saved: partials };
    },
    (dy, partials) => {
      update?.setUpstream(dy);
      return [...timesUpstream(partials, dy), tf.scalar(0)];
    },
  );
}

/** Returns the outputs of the loss without the gradient of the bank, and the update of the bank. */
function computeWithUpdate(
  inputs: BankInputs,
  options: ResolvedBankOptions,
  updates: PendingUpdates,
): { outputs: tf.Tensor[]; update: DeferredBank } {
  const variable = inputs.bank as tf.Variable<tf.Rank.R2>;
  if (!hasKernel(cosineBankUpdateKernel) || !kernelSupports(inputs, options)) {
    const update = new StreamedBankUpdate(variable, inputs, options);
    return { outputs: streamedBankLoss(inputs, options, true, update.keep), update };
  }
  const named = kernelInputs(inputs);
  const run = (more: tf.NamedTensorMap, bankUpdate: unknown) =>
    runBankLossKernel({ ...named, ...more }, { ...options, gradients: true, bankUpdate });
  if (updates.mayApply(variable) && findBankLossKernel()?.prefersUpdateWithLoss?.(inputs, options)) {
    makePrivate(variable);
    const change = updates.optimizer.beginBlocks(variable);
    const outputs = run(slotInputs(change.slots), { ...change.rule, gradientFactor: 1 });
    const update = new AppliedBankUpdate(variable, outputs.pop() as tf.Scalar);
    if (Number.isFinite(outputs[0]!.dataSync()[0])) change.finish(change.slots);
    return { outputs, update };
  }
  const outputs = run({}, 'later');
  return { outputs, update: new KernelBankUpdate(variable, named, options, outputs.pop() as tf.Tensor) };
}
