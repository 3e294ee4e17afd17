import { type BankInputs, minimumNorm, type ResolvedBankOptions, type UpdateRule } from '@openset/core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { BankLossMemory, type BankTensors, type BankUpdate } from './bank-loss-memory.ts';
import { bankLossSizes, planBankLoss } from './bank-loss-plan.ts';
import { type BankLossRows, bankLossRows, sigmoid, softplus } from './bank-loss-rows.ts';
import {
  bankBceTask,
  bankBceUpdatesTask,
  bankEmbeddingsTask,
  bankNormsTask,
  bankQueriesTask,
  bankSoftmaxGradientsTask,
  bankSoftmaxSumsTask,
} from './bank-loss-words.ts';
import { KernelScope } from './kernel-scope.ts';
import { nativeModule } from './native-module.ts';
import type { OutsideNegatives } from './outside-negatives.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** Whether the compiled kernel supports these inputs. If not, core computes the loss with tfjs operations. */
export function supportsBankLoss(
  backend: WasmBackend,
  inputs: BankInputs,
  options: ResolvedBankOptions,
): boolean {
  const { labels, classes } = inputs;
  const { labelSmoothing, pairSampling, logitClip, similarityMap, centers } = options;
  const plain = labels.rank === 1 && labelSmoothing === 0 && !pairSampling && logitClip === undefined;
  if (!plain || (classes && centers > 1) || nativeModule(backend) === null) return false;
  if (
    similarityMap?.kind === 'power' &&
    !(Number.isInteger(similarityMap.exponent) && similarityMap.exponent <= 16)
  ) {
    return false;
  }
  return planBankLoss(bankLossSizes({ ...inputs, mixtureRows: inputs.mixture?.rows }, options)) !== null;
}

/**
 * Whether updating the bank together with the loss saves a product: BCE needs one pass, and the slopes of all blocks are too large to
 * keep. Only for cosines of the bank's own rows, whose losses are finite if the inputs are.
 */
export function prefersUpdateWithLoss(inputs: BankInputs, options: ResolvedBankOptions): boolean {
  if (options.criterion.name !== 'bce' || options.similarity !== 'cosine' || inputs.mixture) return false;
  return !planBankLoss(bankLossSizes({ ...inputs, mixtureRows: undefined }, options))?.keepsLogits;
}

/** Attributes of `CosineBankLoss`; see core's `cosineBankLossKernel`. */
type LossAttributes = ResolvedBankOptions & {
  gradients: boolean;
  bankUpdate?: 'later' | (UpdateRule & { gradientFactor: number });
  returnsSums?: boolean;
};

/**
 * `CosineBankLoss`, the operation behind all losses. It processes blocks of classes, and computes loss and gradients of
 * a block while the cache holds its rows. BCE takes one pass over the bank. Softmax takes a second one for the gradient
 * of the bank.
 */
export const cosineBankLoss: KernelFunc = ({ inputs, backend, attrs }) => {
  const { gradients, bankUpdate, returnsSums, ...options } = attrs as unknown as LossAttributes;
  const { firstSlot, secondSlot, workspace, ...tensors } = inputs as unknown as BankTensors &
    SlotTensors & { workspace?: TensorInfo };
  const slots = [firstSlot, secondSlot].filter((slot) => slot !== undefined);
  // The second pass of a shard may update the bank, so the first one makes room for it.
  const updateOrRoom = returnsSums && options.bankGradient ? 'later' : bankUpdate;
  const update: BankUpdate | null = updateOrRoom
    ? updateOrRoom === 'later'
      ? { when: 'after the loss', rule: null, slots, workspace: null }
      : { when: 'with the loss', rule: updateOrRoom, slots, workspace: null }
    : null;
  return inScope(backend, (scope) => {
    const batch = (tensors.embeddings as TensorInfo).shape[0] as number;
    const memory = new BankLossMemory(scope, tensors, options, {
      batch,
      gradients,
      update,
      ...(returnsSums && { returnsSums }),
      ...(workspace && { firstPass: workspace }),
    });
    const run = new BankLossRun(memory, options);
    return returnsSums ? run.sums() : run.run();
  });
};

interface SlotTensors {
  readonly firstSlot?: TensorInfo;
  readonly secondSlot?: TensorInfo;
}

/** `CosineBankUpdate`: updates the bank after its loss, from the workspace that `CosineBankLoss` returned. */
export const cosineBankUpdate: KernelFunc = ({ inputs, backend, attrs }) => {
  const { batch, rule, ...options } = attrs as unknown as ResolvedBankOptions & {
    batch: number;
    rule: UpdateRule & { gradientFactor: number };
  };
  const { firstSlot, secondSlot, workspace, ...tensors } = inputs as unknown as BankTensors &
    SlotTensors & { workspace: TensorInfo };
  const slots = [firstSlot, secondSlot].filter((slot) => slot !== undefined);
  const update: BankUpdate = { when: 'after the loss', rule, slots, workspace };
  return inScope(backend, (scope) => {
    const memory = new BankLossMemory(scope, tensors, options, { batch, gradients: true, update });
    const task = options.criterion.name === 'bce' ? bankBceUpdatesTask : bankSoftmaxGradientsTask;
    memory.runTask(task, memory.plan.groups);
    return [memory.sumOfSquares()];
  });
};

function inScope(backend: unknown, compute: (scope: KernelScope) => TensorInfo[]): TensorInfo[] {
  const scope = new KernelScope(backend as WasmBackend);
  try {
    const results = compute(scope);
    // Each result leaves with a reference of its own. Closing the scope releases the scope's references.
    for (const { dataId } of results) scope.backend.incRef(dataId);
    return results;
  } finally {
    scope.close();
  }
}

/** One evaluation: runs the tasks in order, and computes the quantities of each sample between them. */
class BankLossRun {
  private readonly memory: BankLossMemory;
  private readonly options: ResolvedBankOptions;
  private readonly rows: BankLossRows;
  /** Whether a shard holds the own class of each sample; null for a whole bank, which does. */
  private readonly isHeld: readonly boolean[] | null;
  private readonly ownLogits: Float64Array;
  private readonly outside: OutsideNegatives | null;
  /** `dL/dlogit` of the own classes and of the outside negatives. */
  private ownSlopes: Float64Array = new Float64Array(0);
  private outsideSlopes: Float64Array = new Float64Array(0);

  constructor(memory: BankLossMemory, options: ResolvedBankOptions) {
    this.memory = memory;
    this.options = options;
    if (!memory.hasFirstPass) memory.runTask(bankQueriesTask, Math.ceil(memory.batch / samplesInChunk));
    this.isHeld = memory.heldRows();
    if (this.isHeld && !memory.hasFirstPass) this.measureOwnRows(this.isHeld);
    this.rows = bankLossRows(memory.doubles('rowNumbers'), memory.rowInputs(), options);
    const biases = memory.ownBiases();
    this.ownLogits = biases.map((bias, row) => options.scale * this.rows.own[row]!.value - bias);
    this.outside = memory.outsideNegatives();
    if (options.similarityMap?.kind === 'hardNegatives') {
      memory
        .floats('hardThresholds')
        .fill(0)
        .set(this.rows.own.map(({ hardThreshold }) => hardThreshold));
    }
  }

  /**
   * Measures the own classes that other shards hold, where their similarities or empty rows count: stores similarity with the most similar center and
   * norm.
   */
  private measureOwnRows(isHeld: readonly boolean[]): void {
    const { memory } = this;
    const { similarityMap, emptyRows, similarity, centers } = this.options;
    const ownRows = memory.ownRowsOfShards();
    if (!ownRows || (similarityMap?.kind !== 'hardNegatives' && emptyRows !== 'skip')) return;
    const numbers = memory.doubles('rowNumbers');
    const queries = memory.floats('queries');
    const size = queries.length / memory.batch;
    for (let row = 0; row < memory.batch; row++) {
      if (isHeld[row]) continue;
      let best = Number.NEGATIVE_INFINITY;
      for (let center = row * centers; center < (row + 1) * centers; center++) {
        let [product, squares] = [0, 0];
        for (let k = 0; k < size; k++) {
          const value = ownRows[center * size + k]!;
          product += queries[row * size + k]! * value;
          squares += value * value;
        }
        const norm = Math.sqrt(squares);
        const found = similarity === 'cosine' ? product / Math.max(norm, minimumNorm) : product;
        if (found <= best) continue;
        best = found;
        numbers[4 * row + 2] = found;
        numbers[4 * row + 3] = norm;
      }
    }
  }

  /** Returns the sums of softmax over this shard: the logit of each sample's own class, 0 without it, and the log-sum-exp of its negatives. */
  sums(): TensorInfo[] {
    const { memory } = this;
    memory.runTask(bankSoftmaxSumsTask, memory.plan.groups);
    return memory.finishSums(this.ofHeld(this.ownLogits), this.allNegatives());
  }

  run(): TensorInfo[] {
    const { memory, options, rows } = this;
    if (memory.updatesNow && !this.isFinite()) memory.skipUpdate();
    const { losses, slopes } = options.criterion.name === 'bce' ? this.bce() : this.softmax();
    if (memory.gradients) memory.runTask(bankEmbeddingsTask, Math.ceil(memory.batch / samplesInChunk));
    return memory.finish({
      loss: sum(losses.map((loss, row) => (rows.counted[row] ? rows.weights[row]! * loss : 0))),
      rowLosses: losses.map((loss, row) => (rows.counted[row] ? options.weight * loss : 0)),
      slopes,
      angleMargins: this.ownSlopes.map((slope, row) => slope * options.scale * rows.own[row]!.byAngle),
      cosineMargins: this.ownSlopes.map((slope, row) => slope * options.scale * rows.own[row]!.byCosine),
      outside: this.outsideSlopes.map((slope) => slope * options.scale),
    });
  }

  /**
   * Whether embeddings, bank, bias and the inputs of the rows are finite. Then all cosines and losses are, so that the bank may change
   * before the loss is known. Also stores the inverse norms of the bank.
   */
  private isFinite(): boolean {
    const { memory } = this;
    memory.runTask(bankNormsTask, memory.plan.groups);
    const ofRows = Object.values(memory.rowInputs()).flatMap((values) => Array.from(values ?? []));
    const numbers = [
      ...memory.doubles('squares'),
      ...memory.doubles('rowNumbers'),
      ...memory.biases(),
      ...ofRows,
    ];
    return numbers.every(Number.isFinite) && this.rows.inverse.every((inverse) => inverse > 0);
  }

  /** Returns `softplus(−z_y) + λ Σ_{j≠y} softplus(z_j)` of each sample, and `Σ dL/dlogit`. */
  private bce() {
    const { memory, rows, ownLogits, options, outside, isHeld } = this;
    this.writeOwnClasses(this.ofHeld(ownLogits.map((logit, row) => -rows.weights[row]! * sigmoid(-logit))));
    const weights = rows.weights.map((weight) => weight * options.negativeWeight);
    memory.floats('weights').fill(0).set(weights);
    memory.runTask(bankBceTask, memory.plan.groups);
    const sums = memory.doubles('sums');
    const negatives = this.sumGroups((group, row) => sums[group * memory.plan.stride + row]!);
    const outsideSums = outside?.softplusSums();
    if (outside) this.outsideSlopes = outside.bceSlopes(weights);
    const losses = ownLogits.map((logit, row) => {
      const positive = isHeld?.[row] === false ? 0 : softplus(-logit);
      return positive + options.negativeWeight * (negatives[row]! + (outsideSums?.[row] ?? 0));
    });
    return {
      losses,
      slopes: sum(this.ownSlopes) + sum(memory.doubles('groupSlopes')) + sum(this.outsideSlopes),
    };
  }

  /** Returns `softplus(logSumExp_{j≠y} z_j − z_y)` of each sample, a form that keeps small losses exact and does not overflow. */
  private softmax() {
    const { memory, rows, ownLogits, outside } = this;
    const { groups } = memory.plan;
    const totals = memory.totals();
    if (!memory.hasFirstPass && (memory.gradients || !totals)) memory.runTask(bankSoftmaxSumsTask, groups);
    const differences =
      totals?.differences ?? this.allNegatives().map((negatives, row) => negatives - ownLogits[row]!);
    const losses = differences.map(softplus);
    if (memory.gradients) {
      const slopes = differences.map((difference, row) => -rows.weights[row]! * sigmoid(difference));
      this.writeOwnClasses(this.ofHeld(slopes));
      const logSumExp = totals?.logSumExp ?? losses.map((loss, row) => ownLogits[row]! + loss);
      if (outside) this.outsideSlopes = outside.softmaxSlopes(rows.weights, logSumExp);
      this.writeGroupFactors(logSumExp);
      if (memory.needsSecondPass) {
        memory.floats('weights').fill(0).set(rows.weights);
        // Entries without a sample are far above any logit, so their exponentials are 0.
        memory.floats('logSumExp').fill(1e30).set(logSumExp);
        if (!memory.updatesLater) memory.runTask(bankSoftmaxGradientsTask, groups);
      }
    }
    // The probabilities of a sample sum to 1, so its slopes sum to 0.
    return { losses, slopes: 0 };
  }

  /** Returns numbers of the own classes, with 0 for those that other shards hold. */
  private ofHeld(values: Float64Array): Float64Array {
    const { isHeld } = this;
    return isHeld ? values.map((value, row) => (isHeld[row] ? value : 0)) : values;
  }

  /** Returns the log-sum-exp of each sample's negatives, also the outside ones. */
  private allNegatives(): Float64Array {
    const outsideSums = this.outside?.logSumExp();
    const negatives = this.negativesLogSumExp();
    return outsideSums ? negatives.map((sum, row) => logAddExp(sum, outsideSums[row]!)) : negatives;
  }

  /** Returns the sum over the groups for each sample. */
  private sumGroups(value: (group: number, row: number) => number): Float64Array {
    return this.ownLogits.map((_, row) => {
      let total = 0;
      for (let group = 0; group < this.memory.plan.groups; group++) total += value(group, row);
      return total;
    });
  }

  /** Returns the log-sum-exp of each sample's negatives over all groups. */
  private negativesLogSumExp(): Float64Array {
    const { groups, stride } = this.memory.plan;
    const largest = this.memory.floats('largest');
    const sums = this.memory.doubles('sums');
    const tops = this.ownLogits.map((_, row) => {
      let top = Number.NEGATIVE_INFINITY;
      for (let group = 0; group < groups; group++) top = Math.max(top, largest[group * stride + row]!);
      return top;
    });
    const totals = this.sumGroups((group, row) => {
      const index = group * stride + row;
      return sums[index]! * Math.exp(largest[index]! - tops[row]!);
    });
    return tops.map((top, row) => top + Math.log(totals[row]!));
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
    this.ownSlopes = slopes;
    const gradients = slopes.map((slope, row) => slope * rows.own[row]!.derivative);
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

/** Returns `log(e^a + e^b)`. */
function logAddExp(a: number, b: number): number {
  const top = Math.max(a, b);
  return top === Number.NEGATIVE_INFINITY ? top : top + Math.log1p(Math.exp(Math.min(a, b) - top));
}
