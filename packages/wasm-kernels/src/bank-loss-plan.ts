import type { ResolvedBankOptions } from '@openset/core';
import { bankScratchBytes } from './bank-loss-words.ts';

/** Division of one evaluation of the loss over a bank. Depends on the sizes alone, not on the threads. */
export interface BankLossPlan {
  /** Entries of an array over the samples, padded to full tiles of 8. */
  readonly stride: number;
  /** Classes of a block, so few that its matrices and packed rows fit into the level 2 cache. */
  readonly blockClasses: number;
  /** Blocks of a group, and groups. A thread claims a group, which has sums of its own. */
  readonly groupBlocks: number;
  readonly groups: number;
  /** Float32 entries of one group's gradient of the embeddings. */
  readonly partialSize: number;
  /** Whether the logits of all blocks are small enough to keep for the second pass. */
  readonly keepsLogits: boolean;
}

/** Sizes of one evaluation. */
export interface BankLossSizes {
  readonly batch: number;
  readonly size: number;
  /** Rows of the bank that take part: classes times centers. */
  readonly classCount: number;
  readonly centers: number;
  /** Whether the rows of a block are first copied from the bank. */
  readonly gathered: boolean;
  /** Whether a block also has the derivatives of a map. */
  readonly mapped: boolean;
}

/** Returns the sizes of one evaluation. */
export function bankLossSizes(
  {
    embeddings,
    bank,
    classes,
    mixtureRows,
  }: Record<'embeddings' | 'bank', Shaped> & {
    readonly classes?: Shaped | undefined;
    readonly mixtureRows?: Shaped | undefined;
  },
  options: ResolvedBankOptions,
): BankLossSizes {
  const [batch, size] = embeddings.shape as [number, number];
  return {
    batch,
    size,
    classCount: (classes ?? bank).shape[0] as number,
    centers: options.centers,
    gathered: classes !== undefined || mixtureRows !== undefined,
    mapped: isMapped(options),
  };
}

interface Shaped {
  readonly shape: readonly number[];
}

/** Whether the similarities to other classes are changed. */
export function isMapped({ cosineLimit, similarityMap, negativeMargin }: ResolvedBankOptions): boolean {
  const { angle = 0, cosine = 0 } = negativeMargin ?? {};
  return cosineLimit !== undefined || similarityMap !== undefined || angle > 0 || cosine > 0;
}

const maxGroups = 16;
const megabyte = 2 ** 20;
/** Classes that fill both tiles of 4 and tiles of 6 rows. */
const fullTiles = 12;

/** Returns the plan for these sizes, or null if a block exceeds the scratch memory of a thread. */
export function planBankLoss({
  batch,
  size,
  classCount,
  centers,
  gathered,
  mapped,
}: BankLossSizes): BankLossPlan | null {
  // Lines whose size is a power of two would compete for the same cache lines.
  const stride = roundUp(batch, 8) + 4;
  const columns = roundUp(size, 8);
  const fitting = Math.min(256, megabyte / 4 / stride, megabyte / 4 / columns);
  // All centers of a class belong to one block.
  const together =
    leastCommonMultiple(fullTiles, centers) <= fitting ? leastCommonMultiple(fullTiles, centers) : centers;
  const blockClasses = together * Math.max(1, Math.floor(fitting / together));
  const rows = columns + (gathered ? size : 0);
  const spareTile = 6 * 8;
  const matrices = mapped ? 2 : 1;
  const numbers = spareTile + blockClasses * (matrices * stride + 1 + rows) + 2 * stride;
  if (4 * numbers > bankScratchBytes) return null;
  const partialSize = batch * columns;
  const blocks = Math.ceil(classCount / blockClasses);
  // At most 16 MB for the groups' gradients, but at least 4 groups for the threads.
  const groupLimit = Math.max(4, Math.min(maxGroups, Math.floor((16 * megabyte) / (4 * partialSize))));
  const groupBlocks = Math.ceil(blocks / groupLimit);
  return {
    stride,
    blockClasses,
    groupBlocks,
    groups: Math.ceil(blocks / groupBlocks),
    partialSize,
    keepsLogits: 4 * roundUp(classCount, blockClasses) * stride <= 12 * megabyte,
  };
}

function leastCommonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return (a * b) / divisor;
}

/** Rounds up to the next multiple. */
export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
