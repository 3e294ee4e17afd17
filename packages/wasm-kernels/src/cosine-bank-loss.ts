import type { BankInputs, ResolvedBankOptions } from '@openset/core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { type BankLossRows, bankLossRows, rawGradient } from './bank-loss-rows.ts';
import { KernelScope } from './kernel-scope.ts';
import { type NativeModule, nativeModule } from './native-module.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** Classes in a block: its dot products with a batch of 128 take 128 kB and stay in the cache. */
const blockClasses = 256;

/** Whether the compiled kernel takes these inputs; the rest is left to core's version on tfjs operations. */
export function supportsBankLoss(
  backend: WasmBackend,
  { labels }: BankInputs,
  { labelSmoothing, pairSampling, logitClip }: ResolvedBankOptions,
): boolean {
  const plain = labels.rank === 1 && labelSmoothing === 0 && !pairSampling && logitClip === undefined;
  return plain && nativeModule(backend) !== null;
}

/**
 * `CosineBankLoss`, the operation of all losses: for each block of classes the products and steps of assembly/, so that
 * loss and gradients leave a block while its rows are in the cache. BCE takes one pass over the bank, softmax two.
 */
export const cosineBankLoss: KernelFunc = ({ inputs, backend, attrs }) => {
  const scope = new KernelScope(backend as WasmBackend);
  const native = nativeModule(backend as WasmBackend) as NativeModule;
  const { gradients, ...options } = attrs as unknown as ResolvedBankOptions & { gradients: boolean };
  try {
    const results = new BankLossRun(
      scope,
      native,
      inputs as unknown as BankTensors,
      options,
      gradients,
    ).run();
    // Each result is handed over with a reference of its own; closing the scope gives back the scope's.
    for (const { dataId } of results) scope.backend.incRef(dataId);
    return results;
  } finally {
    scope.close();
  }
};

interface BankTensors {
  embeddings: TensorInfo;
  labels: TensorInfo;
  bank: TensorInfo;
  bias?: TensorInfo;
}

/** One evaluation. All memory is allocated before the first view of it is taken: allocation may detach views. */
class BankLossRun {
  private readonly scope: KernelScope;
  private readonly native: NativeModule;
  private readonly tensors: BankTensors;
  private readonly options: ResolvedBankOptions;
  private readonly batch: number;
  private readonly size: number;
  private readonly numClasses: number;
  private readonly labels: Int32Array;
  private readonly rows: BankLossRows;
  private readonly gradients: {
    embeddings: TensorInfo;
    bank: TensorInfo | null;
    bias: TensorInfo | null;
  } | null;
  private readonly memory;

  constructor(
    scope: KernelScope,
    native: NativeModule,
    tensors: BankTensors,
    options: ResolvedBankOptions,
    gradients: boolean,
  ) {
    const { embeddings, labels, bank, bias } = tensors;
    [this.batch, this.size] = embeddings.shape as [number, number];
    this.numClasses = bank.shape[0] as number;
    this.scope = scope;
    this.native = native;
    this.tensors = tensors;
    this.options = options;
    // Brings tensors of another backend to the heap.
    for (const tensor of [embeddings, labels, bank, ...(bias ? [bias] : [])]) native.address(tensor);
    this.labels = Int32Array.from(scope.view(labels));
    this.rows = bankLossRows(
      floats(scope, embeddings).slice(),
      this.labels,
      floats(scope, bank),
      this.size,
      options,
    );
    const { batch, size } = this;
    this.memory = {
      queries: scope.allocate([batch, size]),
      labels: scope.allocate([batch], 'int32'),
      weights: scope.allocate([batch]),
      largest: scope.allocate([batch]),
      // Float64, in the room of twice as many float32.
      sums: scope.allocate([batch * 2]),
      unitGradient: scope.zeros([batch, size]),
      dots: scope.zeros([batch, blockClasses]),
      inverse: scope.allocate([blockClasses]),
      projection: scope.allocate([blockClasses]),
      addend: scope.allocate([blockClasses]),
      bias: scope.allocate([blockClasses]),
      radial: scope.allocate([blockClasses]),
      biasSums: scope.allocate([blockClasses]),
    };
    this.gradients = gradients
      ? {
          embeddings: scope.allocate([batch, size]),
          bank: options.bankGradient ? scope.allocate([this.numClasses, size]) : null,
          bias: bias ? scope.zeros(bias.shape) : null,
        }
      : null;
    floats(scope, this.memory.queries).set(this.rows.queries);
    floats(scope, this.memory.weights).set(this.rows.weights);
    scope.view(this.memory.labels).set(this.labels);
  }

  run(): TensorInfo[] {
    const loss = this.scope.allocate([]);
    const total = this.options.criterion === 'bce' ? this.bce() : this.softmax();
    floats(this.scope, loss)[0] = total;
    if (!this.gradients) return [loss];
    const { embeddings, bank, bias } = this.gradients;
    const unit = floats(this.scope, this.memory.unitGradient);
    rawGradient(unit, this.rows, this.size, floats(this.scope, embeddings));
    return [loss, embeddings, ...(bank ? [bank] : []), ...(bias ? [bias] : [])];
  }

  /** `Σ_i w_i (softplus(−z_y) + λ Σ_{j≠y} softplus(z_j))`. */
  private bce(): number {
    const { functions, address } = this.native;
    const { memory, options, rows } = this;
    const sums = this.doubles(memory.sums).fill(0);
    const slopes = Float64Array.from(this.labels, (_, row) => -sigmoid(-this.ownLogit(row)));
    this.forEachBlock((first, count) => {
      functions.bceNegatives(
        ...this.blockStep(),
        address(memory.weights),
        ...this.labelStep(first, count),
        options.negativeWeight,
        address(memory.sums),
        address(memory.radial),
        address(memory.biasSums),
      );
      this.collect(first, count, slopes);
    });
    return rows.weights.reduce(
      (total, weight, row) => total + weight * (softplus(-this.ownLogit(row)) + sums[row]!),
      0,
    );
  }

  /** `Σ_i w_i softplus(lse_{j≠y} z_j − z_y)`. */
  private softmax(): number {
    const { functions, address } = this.native;
    const { memory, rows } = this;
    const sums = this.doubles(memory.sums).fill(0);
    const largest = floats(this.scope, memory.largest).fill(-1e30);
    this.forEachBlock((first, count) => {
      const step = [...this.blockStep(), ...this.labelStep(first, count)] as const;
      functions.softmaxSums(...step, address(memory.largest), address(memory.sums));
    });
    const differences = Float64Array.from(this.labels, (_, row) => {
      const negatives = sums[row]! > 0 ? largest[row]! + Math.log(sums[row]!) : -1e30;
      return negatives - this.ownLogit(row);
    });
    if (this.gradients) {
      // From here on the place of the largest logits holds the log-sum-exp over all classes.
      differences.forEach((difference, row) => {
        largest[row] = this.ownLogit(row) + softplus(difference);
      });
      const slopes = differences.map((difference) => -sigmoid(difference));
      this.forEachBlock((first, count) => {
        functions.softmaxNegatives(
          ...this.blockStep(),
          address(memory.weights),
          ...this.labelStep(first, count),
          address(memory.largest),
          address(memory.radial),
          address(memory.biasSums),
        );
        this.collect(first, count, slopes);
      });
    }
    return rows.weights.reduce((total, weight, row) => total + weight * softplus(differences[row]!), 0);
  }

  /** For each block: norms of its rows, its biases, and the dot products with the queries; then `visit`. */
  private forEachBlock(visit: (first: number, count: number) => void): void {
    const { functions, address, scratch } = this.native;
    const { memory, size, batch, options } = this;
    for (let first = 0; first < this.numClasses; first += blockClasses) {
      const count = Math.min(blockClasses, this.numClasses - first);
      const bank = address(this.tensors.bank) + 4 * first * size;
      const normalised = options.similarity === 'cosine';
      functions.bankNorms(
        bank,
        count,
        blockClasses,
        size,
        address(memory.inverse),
        address(memory.projection),
        address(memory.addend),
        normalised,
        options.emptyRows === 'skip',
      );
      this.loadBias(first, count);
      const queries = address(memory.queries);
      const dots = address(memory.dots);
      functions.gemm(batch, count, size, queries, size, 1, bank, 1, size, dots, blockClasses, false, scratch);
      visit(first, count);
    }
  }

  private loadBias(first: number, count: number): void {
    const target = floats(this.scope, this.memory.bias).fill(0);
    const { bias } = this.tensors;
    if (!bias) return;
    const values = floats(this.scope, bias);
    if (values.length === 1) target.fill(values[0]!);
    else target.set(values.subarray(first, first + count));
  }

  /** After the step of a block: puts the positives in, and adds the block to all gradients. */
  private collect(first: number, count: number, slopes: Float64Array): void {
    if (!this.gradients) return;
    const { functions, address, scratch } = this.native;
    const { memory, batch, size, rows, options } = this;
    const [dots, inverse, radial, biasSums] = [
      memory.dots,
      memory.inverse,
      memory.radial,
      memory.biasSums,
    ].map((tensor) => floats(this.scope, tensor)) as [Float32Array, Float32Array, Float32Array, Float32Array];
    for (let row = 0; row < batch; row++) {
      const own = this.labels[row]! - first;
      if (own < 0 || own >= count) continue;
      const slope = rows.weights[row]! * slopes[row]!;
      const gradient = slope * options.scale * rows.ownDerivative[row]!;
      dots[row * blockClasses + own] = gradient * inverse[own]!;
      radial[own]! += gradient * rows.ownSimilarity[row]!;
      biasSums[own]! += slope;
    }
    this.addBiasGradient(first, biasSums.subarray(0, count));
    const bank = address(this.tensors.bank) + 4 * first * size;
    const block = address(memory.dots);
    const unit = address(memory.unitGradient);
    functions.gemm(batch, size, count, block, blockClasses, 1, bank, size, 1, unit, size, true, scratch);
    if (!this.gradients.bank) return;
    const target = address(this.gradients.bank) + 4 * first * size;
    const queries = address(memory.queries);
    functions.gemm(
      count,
      size,
      batch,
      block,
      1,
      blockClasses,
      queries,
      size,
      1,
      target,
      size,
      false,
      scratch,
    );
    functions.projectRows(target, bank, count, size, address(memory.radial), address(memory.projection));
  }

  private addBiasGradient(first: number, sums: Float32Array): void {
    if (!this.gradients?.bias) return;
    const target = floats(this.scope, this.gradients.bias);
    // A bias is subtracted from the logits, hence the signs.
    if (target.length === 1) target[0]! -= sums.reduce((total, value) => total + value, 0);
    else for (let j = 0; j < sums.length; j++) target[first + j] = -sums[j]!;
  }

  private ownLogit(row: number): number {
    const { bias } = this.tensors;
    const values = bias ? floats(this.scope, bias) : null;
    const own = values ? values[values.length === 1 ? 0 : this.labels[row]!]! : 0;
    return this.options.scale * this.rows.ownWithMargin[row]! - own;
  }

  private blockStep(): [number, number, number, number, number, number] {
    const { address } = this.native;
    const { dots, inverse, addend, bias } = this.memory;
    return [address(dots), this.batch, blockClasses, address(inverse), address(addend), address(bias)];
  }

  private labelStep(first: number, count: number): [number, number, number, number] {
    return [this.native.address(this.memory.labels), first, count, this.options.scale];
  }

  private doubles(tensor: TensorInfo): Float64Array {
    const { buffer, byteOffset } = floats(this.scope, tensor);
    return new Float64Array(buffer, byteOffset, this.batch);
  }
}

function floats(scope: KernelScope, tensor: TensorInfo): Float32Array {
  return scope.view(tensor) as Float32Array;
}

function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}
