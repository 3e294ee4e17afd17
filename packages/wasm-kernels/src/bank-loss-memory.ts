import { DataError, type HardNegativesMap, type ResolvedBankOptions } from '@openset/core';
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

/** Input tensors of the loss over a bank. */
export interface BankTensors {
  readonly embeddings: TensorInfo;
  readonly labels: TensorInfo;
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
} as const;
type Piece = keyof typeof pieces;

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
  readonly gradients: {
    readonly embeddings: TensorInfo;
    readonly bank: TensorInfo | null;
    readonly bias: TensorInfo | null;
    readonly angleMargins: TensorInfo | null;
    readonly cosineMargins: TensorInfo | null;
    readonly outside: TensorInfo | null;
  } | null;
  private readonly losses: { scalar: TensorInfo; rows: TensorInfo };
  private readonly scope: KernelScope;
  private readonly native: NativeModule;
  private readonly tensors: BankTensors;
  private readonly workspace: TensorInfo;
  private readonly places = new Map<Piece, { offset: number; length: number }>();
  private readonly integers: number[];
  private readonly numbers: number[];

  constructor(scope: KernelScope, tensors: BankTensors, options: ResolvedBankOptions, gradients: boolean) {
    const { bank, bias, classes } = tensors;
    const sizes = bankLossSizes(tensors, options);
    const { batch, size } = sizes;
    this.batch = batch;
    this.scope = scope;
    this.tensors = tensors;
    this.native = nativeModule(scope.backend) as NativeModule;
    this.plan = planBankLoss(sizes) as BankLossPlan;
    const diverse = bias !== undefined && bias.shape[0] !== 1;
    this.needsSecondPass = gradients && (options.bankGradient || diverse);
    // Moves tensors of another backend to the heap.
    for (const tensor of Object.values(tensors)) this.native.address(tensor);

    this.workspace = scope.allocate([this.placePieces(sizes, options, gradients)]);
    this.losses = { scalar: scope.allocate([]), rows: scope.allocate([batch]) };
    // Rows of classes that are not selected get no gradient.
    const make = (shape: number[]) => (classes ? scope.zeros(shape) : scope.allocate(shape));
    this.gradients = gradients
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
    this.writeLabels(options.centers);
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
    if (!bias) return new Float64Array(this.batch);
    const values = this.scope.view(bias);
    return Float64Array.from(this.scope.view(labels), (label) => values[values.length === 1 ? 0 : label]!);
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
    const { scope, losses } = this;
    scope.view(losses.scalar)[0] = results.loss;
    scope.view(losses.rows).set(results.rowLosses);
    if (!this.gradients) return [losses.scalar, losses.rows];
    const { embeddings, bank, bias, ...ofRows } = this.gradients;
    if (bias?.shape[0] === 1) scope.view(bias)[0] = -results.slopes;
    for (const key of ['angleMargins', 'cosineMargins', 'outside'] as const) {
      const tensor = ofRows[key];
      if (tensor) scope.view(tensor).set(results[key]);
    }
    const all = [embeddings, bank, bias, ofRows.angleMargins, ofRows.cosineMargins, ofRows.outside];
    return [losses.scalar, losses.rows, ...all.filter((tensor) => tensor !== null)];
  }

  /** Assigns each array an offset in the workspace. Returns the size of the workspace in float32 elements. */
  private placePieces(
    { size, classCount }: BankLossSizes,
    { criterion, similarityMap }: ResolvedBankOptions,
    gradients: boolean,
  ): number {
    const { batch, plan } = this;
    const { stride, groups } = plan;
    const softmax = criterion === 'softmax';
    const kept =
      softmax && this.needsSecondPass && plan.keepsLogits
        ? roundUp(classCount, plan.blockClasses) * stride
        : 0;
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
      logits: kept,
      logSumExp: softmax && this.needsSecondPass ? stride : 0,
      groupFactors: softmax && gradients ? groups * stride : 0,
      hardThresholds: similarityMap?.kind === 'hardNegatives' ? stride : 0,
      ownRows: this.tensors.mixtureRows ? batch * size : 0,
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

  private writeLabels(centers: number): void {
    const { tensors, scope } = this;
    const numClasses = (tensors.bank.shape[0] as number) / centers;
    const labels = scope.view(tensors.labels);
    const target = new Int32Array(this.floats('labels').buffer, this.floats('labels').byteOffset, this.batch);
    const positions = tensors.classes && positionsOf(scope.view(tensors.classes), numClasses);
    for (let row = 0; row < this.batch; row++) {
      const label = labels[row]!;
      if (!(label >= 0 && label < numClasses)) {
        throw new DataError(`labels[${row}] is ${label}, but must be from 0 to ${numClasses - 1}.`);
      }
      target[row] = positions ? positions[label]! : label;
    }
  }
}

/** Returns the position of each row of the bank among the selected classes; 0 for rows that are not selected. */
function positionsOf(classes: ArrayLike<number>, numClasses: number): Int32Array {
  const positions = new Int32Array(numClasses);
  for (let position = 0; position < classes.length; position++) positions[classes[position]!] = position;
  return positions;
}
