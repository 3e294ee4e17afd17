import type { BankInputs, ResolvedBankOptions } from '@openset/core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { BankLossMemory, type BankTensors } from './bank-loss-memory.ts';
import { planBankLoss } from './bank-loss-plan.ts';
import { type BankLossRows, bankLossRows, sigmoid, softplus } from './bank-loss-rows.ts';
import {
  bankBceTask,
  bankEmbeddingsTask,
  bankQueriesTask,
  bankSoftmaxGradientsTask,
  bankSoftmaxSumsTask,
} from './bank-loss-words.ts';
import { KernelScope } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** Whether the compiled kernel supports these inputs. If not, core computes the loss with tfjs operations. */
export function supportsBankLoss(
  backend: WasmBackend,
  { embeddings, labels, bank, classes }: BankInputs,
  { labelSmoothing, pairSampling, logitClip }: ResolvedBankOptions,
): boolean {
  const plain = labels.rank === 1 && labelSmoothing === 0 && !pairSampling && logitClip === undefined;
  if (!plain || nativeModule(backend) === null) return false;
  const [batch, size] = embeddings.shape;
  const sizes = { batch, size, classCount: (classes ?? bank).shape[0], gathered: classes !== undefined };
  return planBankLoss(sizes) !== null;
}

/**
 * `CosineBankLoss`, the operation behind all losses. It processes blocks of classes, and computes loss and gradients of
 * a block while the cache holds its rows. BCE takes one pass over the bank. Softmax takes a second one for the gradient
 * of the bank.
 */
export const cosineBankLoss: KernelFunc = ({ inputs, backend, attrs }) => {
  const scope = new KernelScope(backend as WasmBackend);
  const { gradients, ...options } = attrs as unknown as ResolvedBankOptions & { gradients: boolean };
  try {
    const results = new BankLossRun(scope, inputs as unknown as BankTensors, options, gradients).run();
    // Each result leaves with a reference of its own. Closing the scope releases the scope's references.
    for (const { dataId } of results) scope.backend.incRef(dataId);
    return results;
  } finally {
    scope.close();
  }
};

/** One evaluation: runs the tasks in order, and computes the quantities of each sample between them. */
class BankLossRun {
  private readonly memory: BankLossMemory;
  private readonly options: ResolvedBankOptions;
  private readonly rows: BankLossRows;
  private readonly ownLogits: Float64Array;

  constructor(scope: KernelScope, tensors: BankTensors, options: ResolvedBankOptions, gradients: boolean) {
    this.memory = new BankLossMemory(scope, tensors, options, gradients);
    this.options = options;
    this.memory.runTask(bankQueriesTask, Math.ceil(this.memory.batch / samplesInChunk));
    this.rows = bankLossRows(this.memory.doubles('rowNumbers'), options);
    const biases = this.memory.ownBiases();
    this.ownLogits = this.rows.ownWithMargin.map((value, row) => options.scale * value - biases[row]!);
  }

  run(): TensorInfo[] {
    const { memory, options } = this;
    const { total, slopes } = options.criterion === 'bce' ? this.bce() : this.softmax();
    if (memory.gradients) memory.runTask(bankEmbeddingsTask, Math.ceil(memory.batch / samplesInChunk));
    return memory.finish(total, slopes);
  }

  /** Returns `Σ_i w_i (softplus(−z_y) + λ Σ_{j≠y} softplus(z_j))`, and `Σ dL/dlogit`. */
  private bce() {
    const { memory, rows, ownLogits } = this;
    const slopes = ownLogits.map((logit, row) => -rows.weights[row]! * sigmoid(-logit));
    const losses = ownLogits.map((logit, row) => rows.weights[row]! * softplus(-logit));
    this.writeOwnClasses(slopes);
    memory
      .floats('weights')
      .fill(0)
      .set(rows.weights.map((weight) => weight * this.options.negativeWeight));
    memory.runTask(bankBceTask, memory.plan.groups);
    const numbers = memory.doubles('groupNumbers');
    const ofGroups = (which: number) => numbers.filter((_, index) => index % 2 === which);
    return { total: sum(losses) + sum(ofGroups(0)), slopes: sum(slopes) + sum(ofGroups(1)) };
  }

  /** Returns `Σ_i w_i softplus(logSumExp_{j≠y} z_j − z_y)`, a form that keeps small losses exact and does not overflow. */
  private softmax() {
    const { memory, rows, ownLogits } = this;
    const { groups } = memory.plan;
    memory.runTask(bankSoftmaxSumsTask, groups);
    const differences = this.negativesLogSumExp().map((negatives, row) => negatives - ownLogits[row]!);
    const losses = differences.map(softplus);
    if (memory.gradients) {
      this.writeOwnClasses(differences.map((difference, row) => -rows.weights[row]! * sigmoid(difference)));
      const logSumExp = losses.map((loss, row) => ownLogits[row]! + loss);
      this.writeGroupFactors(logSumExp);
      if (memory.needsSecondPass) {
        memory.floats('weights').fill(0).set(rows.weights);
        // Entries without a sample are far above any logit, so their exponentials are 0.
        memory.floats('logSumExp').fill(1e30).set(logSumExp);
        memory.runTask(bankSoftmaxGradientsTask, groups);
      }
    }
    // The probabilities of a sample sum to 1, so its slopes sum to 0.
    return { total: sum(losses.map((loss, row) => rows.weights[row]! * loss)), slopes: 0 };
  }

  /** Returns the log-sum-exp of each sample's negatives over all groups. */
  private negativesLogSumExp(): Float64Array {
    const { groups, stride } = this.memory.plan;
    const largest = this.memory.floats('largest');
    const sums = this.memory.doubles('sums');
    return this.ownLogits.map((_, row) => {
      let top = Number.NEGATIVE_INFINITY;
      for (let group = 0; group < groups; group++) top = Math.max(top, largest[group * stride + row]!);
      let total = 0;
      for (let group = 0; group < groups; group++) {
        const index = group * stride + row;
        total += sums[index]! * Math.exp(largest[index]! - top);
      }
      return top + Math.log(total);
    });
  }

  /** Writes the factors of the groups' gradients, which are relative to their largest logits. */
  private writeGroupFactors(logSumExp: Float64Array): void {
    const { groups, stride } = this.memory.plan;
    const largest = this.memory.floats('largest');
    const factors = this.memory.floats('groupFactors');
    for (let group = 0; group < groups; group++) {
      this.rows.weights.forEach((weight, row) => {
        const index = group * stride + row;
        factors[index] = weight * Math.exp(largest[index]! - logSumExp[row]!);
      });
    }
  }

  /** Writes the slopes of the samples' own classes, and their factors in the gradients of bank and embeddings. */
  private writeOwnClasses(slopes: Float64Array): void {
    const { memory, rows, options } = this;
    const gradients = slopes.map((slope, row) => slope * rows.ownDerivative[row]!);
    memory.floats('ownSlopes').set(slopes);
    memory.floats('ownGradients').set(gradients);
    const factors = gradients.map((gradient, row) => gradient * options.scale * rows.ownInverse[row]!);
    memory.floats('ownFactors').set(factors);
  }
}

/** Samples in a chunk, as in assembly/bank-rows.ts. */
const samplesInChunk = 8;

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
