import type { Margin, ResolvedBankOptions } from '@openset/core';

/** Arrays of one loss over a bank. `classes` lists the bank's rows of the selected classes. */
export interface BankArrays {
  readonly batch: number;
  readonly size: number;
  readonly embeddings: Float32Array;
  readonly labels: readonly number[];
  readonly bank: Float32Array;
  readonly bias: Float32Array | null;
  readonly classes: readonly number[];
}

/** Loss and gradients, and for each gradient its norm before the radial part is removed. */
export interface BankReference {
  readonly loss: number;
  readonly embeddings: Float64Array;
  readonly bank: Float64Array;
  readonly bias: Float64Array;
  readonly scales: { readonly embeddings: number; readonly bank: number; readonly bias: number };
}

const minimumNorm = 1e-5;

/** Computes the loss over a bank and its gradients by definition, in float64, with all matrices in memory. */
export function referenceBankLoss(arrays: BankArrays, options: ResolvedBankOptions): BankReference {
  const { batch, size, labels, classes, bias } = arrays;
  const rowOf = (values: Float32Array, row: number) =>
    Float64Array.from(values.subarray(row * size, (row + 1) * size));
  const numClasses = arrays.bank.length / size;
  const queries = Array.from({ length: batch }, (_, row) => unit(rowOf(arrays.embeddings, row), options));
  const rows = Array.from({ length: numClasses }, (_, row) => unit(rowOf(arrays.bank, row), options));
  const skipped = rows.map(({ norm }) => options.emptyRows === 'skip' && norm === 0);
  const counted = labels.filter((label) => !skipped[label]).length || 1;
  const biasOf = (row: number) => (bias ? bias[bias.length === 1 ? 0 : row]! : 0);

  let loss = 0;
  const result = {
    embeddings: new Float64Array(batch * size),
    bank: new Float64Array(numClasses * size),
    bias: new Float64Array(bias?.length ?? 0),
  };
  let biasScale = 0;
  queries.forEach((query, sample) => {
    const own = labels[sample]!;
    if (skipped[own]) return;
    const weight = options.weight / counted;
    const selected = classes.filter((row) => !skipped[row]);
    const similarities = selected.map((row) => dot(query.values, rows[row]!.values));
    const place = selected.indexOf(own);
    const margin = applyMargins(similarities[place]!, options.margins);
    const logits = similarities.map(
      (similarity, index) =>
        options.scale * (index === place ? margin.value : similarity) - biasOf(selected[index]!),
    );
    const { value, slopes } = criterion(logits, place, options);
    loss += weight * value;
    selected.forEach((row, index) => {
      const slope = weight * slopes[index]!;
      const gradient = slope * options.scale * (index === place ? margin.derivative : 1);
      add(result.embeddings, sample * size, gradient, rows[row]!.values);
      add(result.bank, row * size, gradient, query.values);
      if (bias) result.bias[bias.length === 1 ? 0 : row]! -= slope;
      biasScale += Math.abs(slope);
    });
  });
  const scales = { embeddings: 0, bank: 0, bias: biasScale };
  for (const [name, sides] of [
    ['embeddings', queries],
    ['bank', rows],
  ] as const) {
    scales[name] = propagateNormalisation(result[name], sides, size);
  }
  return { loss, ...result, scales };
}

interface UnitRow {
  readonly values: Float64Array;
  readonly norm: number;
  readonly inverse: number;
  readonly isProjected: boolean;
}

function unit(row: Float64Array, { similarity }: ResolvedBankOptions): UnitRow {
  const norm = Math.sqrt(dot(row, row));
  const inverse = similarity === 'cosine' ? 1 / Math.max(norm, minimumNorm) : 1;
  const isProjected = similarity === 'cosine' && norm > minimumNorm;
  return { values: row.map((value) => value * inverse), norm, inverse, isProjected };
}

function applyMargins(similarity: number, margins: readonly Margin[]): { value: number; derivative: number } {
  let [value, derivative] = [similarity, 1];
  for (const margin of margins) {
    if (margin.kind === 'cosine') value -= margin.margin;
    else if (margin.kind === 'adaptive') value *= 1 - margin.coefficient;
    else {
      const angle = Math.acos(value);
      derivative *= Math.sin(angle + margin.margin) / Math.sin(angle);
      value = Math.cos(angle + margin.margin);
    }
  }
  return { value, derivative };
}

function criterion(
  logits: readonly number[],
  own: number,
  { criterion, negativeWeight }: ResolvedBankOptions,
) {
  if (criterion.name === 'bce') {
    const slopes = logits.map((z, index) => (index === own ? -sigmoid(-z) : negativeWeight * sigmoid(z)));
    const terms = logits.map((z, index) => (index === own ? softplus(-z) : negativeWeight * softplus(z)));
    return { value: terms.reduce((total, term) => total + term, 0), slopes };
  }
  const top = Math.max(...logits);
  const sum = logits.reduce((total, z) => total + Math.exp(z - top), 0);
  const logSumExp = top + Math.log(sum);
  const slopes = logits.map((z, index) => Math.exp(z - logSumExp) - (index === own ? 1 : 0));
  const negatives = logits.reduce((total, z, index) => total + (index === own ? 0 : Math.exp(z - top)), 0);
  return { value: softplus(top + Math.log(negatives) - logits[own]!), slopes };
}

/** Propagates the gradients through the normalisation. Returns their norm before the radial parts are removed. */
function propagateNormalisation(gradients: Float64Array, sides: readonly UnitRow[], size: number): number {
  let squares = 0;
  sides.forEach(({ values, inverse, isProjected }, row) => {
    const gradient = gradients.subarray(row * size, (row + 1) * size);
    squares += dot(gradient, gradient) * inverse ** 2;
    const radial = isProjected ? dot(gradient, values) : 0;
    for (let k = 0; k < size; k++) gradient[k] = (gradient[k]! - radial * values[k]!) * inverse;
  });
  return Math.sqrt(squares);
}

function add(target: Float64Array, offset: number, factor: number, values: Float64Array): void {
  for (let k = 0; k < values.length; k++) target[offset + k]! += factor * values[k]!;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, value, k) => total + value * b[k]!, 0);
}

function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}
