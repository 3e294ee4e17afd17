import { DataError, type ResolvedBankOptions } from '@openset/core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type BankLossPlan, planBankLoss, roundUp } from './bank-loss-plan.ts';
import * as words from './bank-loss-words.ts';
import type { KernelScope } from './kernel-scope.ts';
import { type NativeModule, nativeModule } from './native-module.ts';

/** Input tensors of the loss over a bank. */
export interface BankTensors {
  readonly embeddings: TensorInfo;
  readonly labels: TensorInfo;
  readonly bank: TensorInfo;
  readonly bias?: TensorInfo;
  readonly classes?: TensorInfo;
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
  groupNumbers: words.groupNumbersWord,
  largest: words.largestWord,
  sums: words.sumsWord,
  logits: words.logitsWord,
  logSumExp: words.logSumExpWord,
  groupFactors: words.groupFactorsWord,
} as const;
type Piece = keyof typeof pieces;

/**
 * Memory of one evaluation of the loss over a bank: a workspace tensor for all intermediate arrays, and the gradients. The
 * constructor allocates everything, because a later allocation may detach views.
 */
export class BankLossMemory {
  readonly batch: number;
  readonly plan: BankLossPlan;
  /** Whether softmax needs a second pass over the bank, for the gradients of its rows or of their biases. */
  readonly needsSecondPass: boolean;
  readonly gradients: { embeddings: TensorInfo; bank: TensorInfo | null; bias: TensorInfo | null } | null;
  private readonly scope: KernelScope;
  private readonly native: NativeModule;
  private readonly tensors: BankTensors;
  private readonly workspace: TensorInfo;
  private readonly places = new Map<Piece, { offset: number; length: number }>();
  private readonly integers: number[];
  private readonly scale: number;

  constructor(scope: KernelScope, tensors: BankTensors, options: ResolvedBankOptions, gradients: boolean) {
    const { embeddings, bank, bias, classes } = tensors;
    const [batch, size] = embeddings.shape as [number, number];
    const classCount = (classes ?? bank).shape[0] as number;
    this.batch = batch;
    this.scope = scope;
    this.tensors = tensors;
    this.scale = options.scale;
    this.native = nativeModule(scope.backend) as NativeModule;
    this.plan = planBankLoss({ batch, size, classCount, gathered: classes !== undefined }) as BankLossPlan;
    const diverse = bias !== undefined && bias.shape[0] !== 1;
    this.needsSecondPass = gradients && (options.bankGradient || diverse);
    // Moves tensors of another backend to the heap.
    for (const tensor of Object.values(tensors)) this.native.address(tensor);

    const softmax = options.criterion === 'softmax';
    this.workspace = scope.allocate([this.placePieces(size, classCount, softmax, gradients)]);
    // Rows of classes that are not selected get no gradient.
    const make = (shape: number[]) => (classes ? scope.zeros(shape) : scope.allocate(shape));
    this.gradients = gradients
      ? {
          embeddings: scope.allocate([batch, size]),
          bank: options.bankGradient ? make(bank.shape) : null,
          bias: bias ? make(bias.shape) : null,
        }
      : null;
    this.integers = this.words(options, { size, classCount, diverse });
    this.writeLabels();
  }

  /** Runs one of the tasks of bank-loss-words.ts. */
  runTask(task: number, chunks: number): void {
    this.native.run(task, chunks, this.integers, [this.scale]);
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

  /** Returns the kernel's results. `slopes` is `Σ dL/dlogit`, which a shared bias receives negated: it is subtracted. */
  finish(loss: number, slopes: number): TensorInfo[] {
    const scalar = this.scope.allocate([]);
    this.scope.view(scalar)[0] = loss;
    if (!this.gradients) return [scalar];
    const { embeddings, bank, bias } = this.gradients;
    if (bias?.shape[0] === 1) this.scope.view(bias)[0] = -slopes;
    return [scalar, embeddings, ...(bank ? [bank] : []), ...(bias ? [bias] : [])];
  }

  /** Assigns each array an offset in the workspace. Returns the size of the workspace in float32 elements. */
  private placePieces(size: number, classCount: number, softmax: boolean, gradients: boolean): number {
    const { batch, plan } = this;
    const { stride, groups } = plan;
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
      groupNumbers: softmax ? 0 : 4 * groups,
      largest: softmax ? groups * stride : 0,
      sums: softmax ? 2 * groups * stride : 0,
      logits:
        softmax && this.needsSecondPass && plan.keepsLogits
          ? roundUp(classCount, plan.blockClasses) * stride
          : 0,
      logSumExp: softmax && this.needsSecondPass ? stride : 0,
      groupFactors: softmax && gradients ? groups * stride : 0,
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
    { size, classCount, diverse }: { size: number; classCount: number; diverse: boolean },
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
    for (const [piece, word] of Object.entries(pieces)) {
      const place = this.places.get(piece as Piece);
      integers[word] = place ? of(this.workspace) + 4 * place.offset : 0;
    }
    return integers;
  }

  private writeLabels(): void {
    const { tensors, scope } = this;
    const numClasses = tensors.bank.shape[0] as number;
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
