import { bankScratchBytes } from './bank-loss-words.ts';

/** How one evaluation of the loss over a bank is cut into pieces. Depends on the sizes alone, not on the threads. */
export interface BankLossPlan {
  /** Entries of an array over the samples: room for whole tiles of 8. */
  readonly stride: number;
  /** Classes in a block: its matrices and packed rows stay in the level 2 cache. */
  readonly blockClasses: number;
  /** Blocks in a group, and groups: what threads take, and what has sums of its own. */
  readonly groupBlocks: number;
  readonly groups: number;
  /** Float32 entries of one group's gradient of the embeddings. */
  readonly partialSize: number;
  /** Whether the logits of all blocks take little enough memory to keep them from one pass to the next. */
  readonly keepsLogits: boolean;
}

/** The sizes of one evaluation. `gathered`: the rows of a block are copied together first. */
export interface BankLossSizes {
  readonly batch: number;
  readonly size: number;
  readonly classCount: number;
  readonly gathered: boolean;
}

const mostGroups = 16;
const megabyte = 2 ** 20;
/** So many classes are whole tiles of 4 and of 6 rows. */
const wholeTiles = 12;

/** The plan for these sizes; null where a block would not fit into the scratch memory of a thread. */
export function planBankLoss({ batch, size, classCount, gathered }: BankLossSizes): BankLossPlan | null {
  // Lines of a power of two would fall into the same places of the cache.
  const stride = roundUp(batch, 8) + 4;
  const columns = roundUp(size, 8);
  const fitting = Math.min(256, megabyte / 4 / stride, megabyte / 4 / columns);
  const blockClasses = wholeTiles * Math.max(1, Math.floor(fitting / wholeTiles));
  const rows = columns + (gathered ? size : 0);
  const spareTile = 6 * 8;
  if (4 * (spareTile + blockClasses * (stride + 1 + rows) + 2 * stride) > bankScratchBytes) return null;
  const partialSize = batch * columns;
  const blocks = Math.ceil(classCount / blockClasses);
  // 16 MB for the groups' gradients, but so many groups that threads find work.
  const affordable = Math.max(4, Math.min(mostGroups, Math.floor((16 * megabyte) / (4 * partialSize))));
  const groupBlocks = Math.ceil(blocks / affordable);
  return {
    stride,
    blockClasses,
    groupBlocks,
    groups: Math.ceil(blocks / groupBlocks),
    partialSize,
    keepsLogits: 4 * roundUp(classCount, blockClasses) * stride <= 12 * megabyte,
  };
}

/** The next multiple. */
export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
