import { DataError, type HardNegativesMap, type ResolvedBankOptions, type UpdateRule } from '@openset/core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  type BankLossPlan,
  type BankLossSizes,
  bankLossSizes,
  planBankLoss,
  roundUp,
} from './bank-loss-plan.ts';
import type { RowInputs } from './bank-loss-rows.ts';
import * as words from './bank-loss-words.ts';
import type { KernelScope } from './kernel-scope.ts';
import { type NativeModule, nativeModule } from './native-module.ts';
import { OutsideNegatives } from './outside-negatives.ts';
import { adamWNumbers, sgdNumbers } from './update-numbers.ts';

/** Input tensors of the loss over a bank. An update of the bank after the loss has neither embeddings nor labels. */
export interface BankTensors {
  readonly embeddings?: TensorInfo;
  readonly labels?: TensorInfo;
  readonly bank: TensorInfo;
  readonly bias?: TensorInfo;
  readonly classes?: TensorInfo;
  readonly angleMargins?: TensorInfo;
  readonly cosineMargins?: TensorInfo;
  readonly outsideNegatives?: TensorInfo;
  readonly rowWeights?: TensorInfo;
  readonly hardFactor?: TensorInfo;
  readonly mixtureRows?: TensorInfo;
  readonly mixtureShares?: TensorInfo;
  /** Given for a shard of a bank: the rows of the own classes, whichever shard holds them. */
  readonly ownRows?: TensorInfo;
  readonly totals?: TensorInfo;
}

/** Results of one evaluation, beyond what the compiled code has written. */
export interface BankLossResults {
  readonly loss: number;
  readonly rowLosses: Float64Array;
  /** `Σ dL/dlogit`, which a shared bias receives negated: it is subtracted. */
  readonly slopes: number;
  /** Gradients of the inputs of the same names. */
  readonly angleMargins: Float64Array;
  readonly cosineMargins: Float64Array;
  readonly outside: Float64Array;
}

/** Arrays of one evaluation, and the words that hold their addresses. */
const pieces = {
  queries: words.queriesWord,
  queryColumns: words.queryColumnsWord,
  queryRows: words.queryRowsWord,
  labels: words.labelsWord,
  rowNumbers: words.rowNumbersWord,
  weights: words.weightsWord,
  ownSlopes: words.ownSlopesWord,
  ownGradients: words.ownGradientsWord,
  ownFactors: words.ownFactorsWord,
  inverse: words.inverseWord,
  partials: words.partialsWord,
  groupSlopes: words.groupSlopesWord,
  largest: words.largestWord,
  sums: words.sumsWord,
  logits: words.logitsWord,
  logSumExp: words.logSumExpWord,
  groupFactors: words.groupFactorsWord,
  hardThresholds: words.hardThresholdsWord,
  ownRows: words.ownRowsWord,
  updateNumbers: words.updateNumbersWord,
  squares: words.squaresWord,
} as const;
type Piece = keyof typeof pieces;

/** What an evaluation computes. */
export interface BankEvaluation {
  readonly batch: number;
  readonly gradients: boolean;
  readonly update?: BankUpdate | null;
  /** Whether the results are the sums of a shard and the workspace, for another evaluation; default false. */
  readonly returnsSums?: boolean;
  /** The workspace of an evaluation that returned the sums of a shard, with the same inputs. */
  readonly firstPass?: TensorInfo;
}

/** How an evaluation updates the bank with its gradient, which then is no output. */
export interface BankUpdate {
  /** In the same evaluation as the loss, or after it: then the first evaluation returns its workspace. */
  readonly when: 'with the loss' | 'after the loss';
  /** Null in the first evaluation of an update after the loss. */
  readonly rule: (UpdateRule & { readonly gradientFactor: number }) | null;
  /** The slots of the optimizer, of the bank's shape. */
  readonly slots: readonly TensorInfo[];
  /** The workspace of the first evaluation; null in the first evaluation. */
  readonly workspace: TensorInfo | null;
}

/** The words of the maps. */
const mapWords = {
  power: words.powerMap,
  hardNegatives: words.hardNegativesMap,
  negativeLimit: words.negativeLimitMap,
} as const;

/**
 * Memory of one evaluation of the loss over a bank: a workspace tensor for all intermediate arrays, and the gradients. The
 * constructor allocates everything, because a later allocation may detach views.
 */
export class BankLossMemory {
  readonly batch: number;
  readonly plan: BankLossPlan;
  /** Whether softmax needs a second pass over the bank, for the gradients of its rows or of their biases. */
  readonly needsSecondPass: boolean;
  /** Whether the workspace has the results of a first pass over a shard. */
  readonly hasFirstPass: boolean;
  readonly gradients: {
    readonly embeddings: TensorInfo;
    readonly bank: TensorInfo | null;
    readonly bias: TensorInfo | null;
    readonly angleMargins: TensorInfo | null;
    readonly cosineMargins: TensorInfo | null;
    readonly outside: TensorInfo | null;
  } | null;
  private readonly update: BankUpdate | null;
  private readonly sums: TensorInfo | null;
  private readonly losses: { scalar: TensorInfo; rows: TensorInfo } | null;
  private readonly scope: KernelScope;
  private readonly native: NativeModule;
  private readonly tensors: BankTensors;
  private readonly workspace: TensorInfo;
  private readonly places = new Map<Piece, { offset: number; length: number }>();
  private readonly squares: TensorInfo | null;
  private isSkipped = false;
  private readonly integers: number[];
  private readonly numbers: number[];

  constructor(
    scope: KernelScope,
    tensors: BankTensors,
    options: ResolvedBankOptions,
    { batch, gradients, update = null, returnsSums = false, firstPass }: BankEvaluation,
  ) {
    const { bank, bias, classes } = tensors;
    const size = bank.shape[1] as number;
    const sizes = bankLossSizes({ ...tensors, embeddings: { shape: [batch, size] } }, options);
    this.update = update;
    this.batch = batch;
    this.scope = scope;
    this.tensors = tensors;
    this.native = nativeModule(scope.backend) as NativeModule;
    this.plan = planBankLoss(sizes) as BankLossPlan;
    const diverse = bias !== undefined && bias.shape[0] !== 1;
    this.needsSecondPass =
      gradients && (options.bankGradient || diverse || update?.when === 'after the loss');
    // Moves tensors of another backend to the heap.
    for (const tensor of Object.values(tensors)) this.native.address(tensor);

    const workspaceSize = this.placePieces(sizes, options, gradients);
    this.hasFirstPass = firstPass !== undefined;
    this.workspace = update?.workspace ?? firstPass ?? scope.allocate([workspaceSize]);
    this.squares = update?.rule ? scope.allocate([]) : null;
    // Rows of classes that are not selected get no gradient.
    const make = (shape: number[]) => (classes ? scope.zeros(shape) : scope.allocate(shape));
    const scores = !update?.workspace;
    this.sums = returnsSums ? scope.allocate([2, batch]) : null;
    this.losses = scores ? { scalar: scope.allocate([]), rows: scope.allocate([batch]) } : null;
    this.gradients =
      gradients && scores && !returnsSums
        ? {
            embeddings: scope.allocate([batch, size]),
            bank: options.bankGradient ? make(bank.shape) : null,
            bias: bias ? make(bias.shape) : null,
            angleMargins: tensors.angleMargins ? scope.allocate([batch]) : null,
            cosineMargins: tensors.cosineMargins ? scope.allocate([batch]) : null,
            outside: tensors.outsideNegatives ? scope.allocate(tensors.outsideNegatives.shape) : null,
          }
        : null;
    this.integers = this.words(options, sizes, diverse);
    this.numbers = this.floatWords(options);
    if (scores && !firstPass) this.writeLabels(options.centers);
    if (update?.rule) this.writeRule(update.rule);
  }

  /** Whether the second pass waits for the update of the bank. */
  get updatesLater(): boolean {
    return this.update?.when === 'after the loss';
  }

  /** Whether the bank is updated together with the loss. */
  get updatesNow(): boolean {
    return this.update?.when === 'with the loss';
  }

  /** Leaves the bank unchanged. The loss is then NaN. */
  skipUpdate(): void {
    this.integers[words.updateWord] = 0;
    this.isSkipped = true;
  }

  /** Runs one of the tasks of bank-loss-words.ts. */
  runTask(task: number, chunks: number): void {
    this.native.run(task, chunks, this.integers, this.numbers);
  }

  /** Returns a view of an array. */
  floats(piece: Piece): Float32Array {
    const { offset, length } = this.places.get(piece)!;
    return (this.scope.view(this.workspace) as Float32Array).subarray(offset, offset + length);
  }

  /** Returns a float64 view of an array. */
  doubles(piece: Piece): Float64Array {
    const { buffer, byteOffset, length } = this.floats(piece);
    return new Float64Array(buffer, byteOffset, length / 2);
  }

  /** Returns the bias of each sample's own class, or zeros without a bias. */
  ownBiases(): Float64Array {
    const { bias, labels } = this.tensors;
    if (!bias || !labels) return new Float64Array(this.batch);
    const values = this.scope.view(bias);
    const classes = this.scope.view(labels);
    return new Float64Array(this.batch).map(
      // −1 is the class of another shard, whose bias is not read.
      (_, row) => values[values.length === 1 ? 0 : classes[row]!] ?? 0,
    );
  }

  /** Returns all biases. */
  biases(): ArrayLike<number> & Iterable<number> {
    return this.tensors.bias ? this.scope.view(this.tensors.bias) : [];
  }

  /** Returns whether a shard holds the own class of each sample; null for a whole bank, which does. */
  heldRows(): boolean[] | null {
    if (!this.tensors.ownRows) return null;
    const labels = this.scope.view(this.tensors.labels as TensorInfo);
    return Array.from({ length: this.batch }, (_, row) => labels[row]! >= 0);
  }

  /** Returns the rows of the own classes over all shards, `[batch · centers, size]`; null for a whole bank. */
  ownRowsOfShards(): ArrayLike<number> | null {
    const { ownRows } = this.tensors;
    return ownRows ? this.scope.view(ownRows) : null;
  }

  /** Returns what softmax knows of all shards: differences and log-sum-exps; see core's `BankShard.totals`. Null for a whole bank. */
  totals(): { differences: Float64Array; logSumExp: Float64Array } | null {
    const { totals } = this.tensors;
    if (!totals) return null;
    const values = new Float64Array(this.scope.view(totals));
    return { differences: values.slice(0, this.batch), logSumExp: values.slice(this.batch) };
  }

  /** Returns the sums of a shard, see core's `Criterion.sums`, and the workspace. */
  finishSums(ownLogits: ArrayLike<number>, negatives: ArrayLike<number>): TensorInfo[] {
    const sums = this.sums as TensorInfo;
    this.scope.view(sums).set(ownLogits);
    this.scope.view(sums).set(negatives, this.batch);
    return [sums, this.workspace];
  }

  /** Returns the inputs that have a number for each sample. */
  rowInputs(): RowInputs {
    const { angleMargins, cosineMargins, rowWeights } = this.tensors;
    const view = (tensor: TensorInfo | undefined) => (tensor ? this.scope.view(tensor) : null);
    return {
      angleMargins: view(angleMargins),
      cosineMargins: view(cosineMargins),
      rowWeights: view(rowWeights),
    };
  }

  /** Returns the outside negatives, if there are any. */
  outsideNegatives(): OutsideNegatives | null {
    const { outsideNegatives: outside, bias } = this.tensors;
    if (!outside) return null;
    const shift = bias ? this.scope.view(bias)[0]! : 0;
    return new OutsideNegatives(
      this.scope.view(outside),
      outside.shape,
      this.batch,
      this.numbers[words.scaleFloat]!,
      shift,
    );
  }

  /** Returns the kernel's results. */
  finish(results: BankLossResults): TensorInfo[] {
    const { scope, update } = this;
    const losses = this.losses as NonNullable<typeof this.losses>;
    scope.view(losses.scalar)[0] = this.isSkipped ? Number.NaN : results.loss;
    scope.view(losses.rows).set(results.rowLosses);
    if (!this.gradients) return [losses.scalar, losses.rows];
    const { embeddings, bank, bias, ...ofRows } = this.gradients;
    if (bias?.shape[0] === 1) scope.view(bias)[0] = -results.slopes;
    for (const key of ['angleMargins', 'cosineMargins', 'outside'] as const) {
      const tensor = ofRows[key];
      if (tensor) scope.view(tensor).set(results[key]);
    }
    const all = [embeddings, bank, bias, ofRows.angleMargins, ofRows.cosineMargins, ofRows.outside];
    const outputs = [losses.scalar, losses.rows, ...all.filter((tensor) => tensor !== null)];
    if (!update) return outputs;
    return [...outputs, update.when === 'after the loss' ? this.workspace : this.sumOfSquares()];
  }

  /** Returns the sum of squares of the gradient with which the bank was updated, a scalar. */
  sumOfSquares(): TensorInfo {
    const total = this.squares as TensorInfo;
    this.scope.view(total)[0] = this.doubles('squares').reduce((sum, value) => sum + value, 0);
    return total;
  }

  /** Assigns each array an offset in the workspace. Returns the size of the workspace in float32 elements. */
  private placePieces(
    { size, classCount }: BankLossSizes,
    { criterion, similarityMap }: ResolvedBankOptions,
    gradients: boolean,
  ): number {
    const { batch, plan } = this;
    const { stride, groups } = plan;
    const softmax = criterion.name === 'softmax';
    const { update } = this;
    const keeps = plan.keepsLogits && (softmax ? this.needsSecondPass : update?.when === 'after the loss');
    const copiesOwnRows = this.tensors.mixtureRows || update?.when === 'with the loss';
    const lengths: Record<Piece, number> = {
      queries: batch * size,
      queryColumns: roundUp(batch, 8) * size,
      queryRows: batch * roundUp(size, 8),
      labels: batch,
      rowNumbers: 8 * batch,
      weights: stride,
      ownSlopes: batch,
      ownGradients: batch,
      ownFactors: batch,
      inverse: classCount,
      partials: gradients ? groups * plan.partialSize : 0,
      groupSlopes: softmax ? 0 : 2 * groups,
      largest: softmax ? groups * stride : 0,
      sums: 2 * groups * stride,
      logits: keeps ? roundUp(classCount, plan.blockClasses) * stride : 0,
      logSumExp: softmax && this.needsSecondPass ? stride : 0,
      groupFactors: softmax && gradients ? groups * stride : 0,
      hardThresholds: similarityMap?.kind === 'hardNegatives' ? stride : 0,
      ownRows: copiesOwnRows ? batch * size : 0,
      updateNumbers: update ? words.updateFactorPlace + 1 : 0,
      squares: update ? 2 * groups : 0,
    };
    let offset = 0;
    for (const [piece, length] of Object.entries(lengths)) {
      if (length === 0) continue;
      this.places.set(piece as Piece, { offset, length });
      offset += roundUp(length, 4);
    }
    return offset;
  }

  private words(
    options: ResolvedBankOptions,
    { size, classCount, mapped }: BankLossSizes,
    diverse: boolean,
  ): number[] {
    const { plan, tensors, gradients } = this;
    const { address } = this.native;
    const of = (tensor: TensorInfo | null | undefined) => (tensor ? address(tensor) : 0);
    const integers: number[] = [];
    integers[words.batchWord] = this.batch;
    integers[words.strideWord] = plan.stride;
    integers[words.sizeWord] = size;
    integers[words.classCountWord] = classCount;
    integers[words.blockClassesWord] = plan.blockClasses;
    integers[words.groupBlocksWord] = plan.groupBlocks;
    integers[words.groupCountWord] = plan.groups;
    integers[words.embeddingsWord] = of(tensors.embeddings);
    integers[words.bankWord] = of(tensors.bank);
    integers[words.classesWord] = of(tensors.classes);
    integers[words.biasWord] = of(tensors.bias);
    integers[words.diverseWord] = Number(diverse);
    integers[words.normalisedWord] = Number(options.similarity === 'cosine');
    integers[words.skipEmptyWord] = Number(options.emptyRows === 'skip');
    integers[words.bankGradientWord] = of(gradients?.bank);
    integers[words.biasGradientWord] = diverse ? of(gradients?.bias) : 0;
    integers[words.embeddingsGradientWord] = of(gradients?.embeddings);
    const map = options.similarityMap;
    integers[words.mapWord] = mapped ? (map ? mapWords[map.kind] : words.plainMap) : 0;
    integers[words.exponentWord] = map?.kind === 'power' ? map.exponent : 1;
    integers[words.detachedWord] = Number(map?.kind === 'power' && map.gradient === 'detached');
    integers[words.centersWord] = options.centers;
    integers[words.mixtureRowsWord] = of(tensors.mixtureRows);
    integers[words.mixtureSharesWord] = of(tensors.mixtureShares);
    const slots = this.update?.slots ?? [];
    integers[words.updateWord] = this.update?.rule ? updateWordOf(this.update.rule) : 0;
    integers[words.firstSlotWord] = of(slots[0]);
    integers[words.secondSlotWord] = of(slots[1]);
    integers[words.normsKnownWord] = Number(this.update?.when === 'with the loss');
    for (const [piece, word] of Object.entries(pieces)) {
      const place = this.places.get(piece as Piece);
      integers[word] = place ? of(this.workspace) + 4 * place.offset : 0;
    }
    return integers;
  }

  private floatWords({
    scale,
    cosineLimit,
    negativeMargin,
    similarityMap: map,
  }: ResolvedBankOptions): number[] {
    const { angle = 0, cosine = 0 } = negativeMargin ?? {};
    const hard: Partial<HardNegativesMap> = map?.kind === 'hardNegatives' ? map : {};
    const { hardFactor } = this.tensors;
    const floats: number[] = [];
    floats[words.scaleFloat] = scale;
    floats[words.cosineLimitFloat] = cosineLimit ?? 2;
    floats[words.angleCosineFloat] = Math.cos(angle);
    floats[words.angleSineFloat] = Math.sin(angle);
    floats[words.negativeCosineFloat] = cosine;
    floats[words.squareFloat] = hard.square ?? 0;
    floats[words.factorFloat] = hardFactor ? this.scope.view(hardFactor)[0]! : (hard.factor ?? 1);
    floats[words.offsetFloat] = hard.offset ?? 0;
    floats[words.negativeLimitFloat] = map?.kind === 'negativeLimit' ? map.limit : 0;
    return floats;
  }

  private writeRule(rule: NonNullable<BankUpdate['rule']>): void {
    const numbers = this.floats('updateNumbers');
    numbers.set(rule.kind === 'sgd' ? sgdNumbers(rule) : adamWNumbers(rule));
    numbers[words.updateFactorPlace] = rule.gradientFactor;
  }

  private writeLabels(centers: number): void {
    const { tensors, scope } = this;
    const numClasses = (tensors.bank.shape[0] as number) / centers;
    const labels = scope.view(tensors.labels as TensorInfo);
    const target = new Int32Array(this.floats('labels').buffer, this.floats('labels').byteOffset, this.batch);
    const positions = tensors.classes && positionsOf(scope.view(tensors.classes), numClasses);
    for (let row = 0; row < this.batch; row++) {
      const label = labels[row]!;
      if (label === -1 && tensors.ownRows) {
        target[row] = -1;
        continue;
      }
      if (!(label >= 0 && label < numClasses)) {
        throw new DataError(`labels[${row}] is ${label}, but must be from 0 to ${numClasses - 1}.`);
      }
      target[row] = positions ? positions[label]! : label;
    }
  }
}

function updateWordOf(rule: UpdateRule): number {
  if (rule.kind === 'adamw') return words.adamWUpdate;
  return rule.nesterov ? words.nesterovUpdate : words.sgdUpdate;
}

/** Returns the position of each row of the bank among the selected classes; 0 for rows that are not selected. */
function positionsOf(classes: ArrayLike<number>, numClasses: number): Int32Array {
  const positions = new Int32Array(numClasses);
  for (let position = 0; position < classes.length; position++) positions[classes[position]!] = position;
  return positions;
}
