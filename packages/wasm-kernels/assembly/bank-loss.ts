// The loss over a bank, computed in groups of blocks of classes. Each group sums into memory of its own, and the groups are
// added in order, so the result does not depend on the threads.
import {
  bankBceTask,
  bankBceUpdatesTask,
  bankEmbeddingsTask,
  bankNormsTask,
  bankQueriesTask,
  bankScratchBytes,
  bankSoftmaxGradientsTask,
  bankSoftmaxSumsTask,
} from '../src/bank-loss-words';
import { bceGroup, bceUpdatesGroup } from './bank-bce';
import { normsGroup } from './bank-groups';
import { embeddingsChunk, queriesChunk } from './bank-rows';
import { softmaxGradientsGroup, softmaxSumsGroup } from './bank-softmax';

/** Runs one chunk. Returns false if the task is none of the loss over a bank. */
export function runBankLossChunk(task: i32, p: usize, chunk: i32, scratch: usize): bool {
  switch (task) {
    case bankQueriesTask:
      queriesChunk(p, chunk);
      return true;
    case bankBceTask:
      bceGroup(p, chunk, scratch);
      return true;
    case bankSoftmaxSumsTask:
      softmaxSumsGroup(p, chunk, scratch);
      return true;
    case bankSoftmaxGradientsTask:
      softmaxGradientsGroup(p, chunk, scratch);
      return true;
    case bankBceUpdatesTask:
      bceUpdatesGroup(p, chunk, scratch);
      return true;
    case bankNormsTask:
      normsGroup(p, chunk);
      return true;
    case bankEmbeddingsTask:
      embeddingsChunk(p, chunk);
      return true;
    default:
      return false;
  }
}

/** Returns the bytes of scratch memory that a thread needs. */
export function bankLossScratchBytes(): usize {
  return <usize>bankScratchBytes;
}
