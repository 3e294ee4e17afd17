// A task is work in chunks that threads take by turns. Its parameters lie in memory as 4-byte words: 48 integers or
// addresses, then 16 floats. What a chunk computes may not depend on who computes it, nor on the order of the chunks.
import { gemmTask } from '../src/task-ids';
import { bankLossScratchBytes, runBankLossChunk } from './bank-loss';
import { convolutionScratchBytes, runConvolutionChunk } from './convolution-tasks';
import { runElementwiseChunk } from './elementwise-tasks';
import { gemmChunk, gemmScratchBytes } from './gemm';

/** Does one chunk of a task. `scratch` belongs to the thread: `scratchBytes()` bytes, 16-byte aligned. */
export function runChunk(task: i32, parameters: usize, chunk: i32, scratch: usize): void {
  switch (task) {
    case gemmTask:
      gemmChunk(parameters, chunk, scratch);
      break;
    default:
      if (runBankLossChunk(task, parameters, chunk, scratch)) break;
      if (runConvolutionChunk(task, parameters, chunk, scratch)) break;
      runElementwiseChunk(task, parameters, chunk);
  }
}

/** Bytes of scratch memory that a thread needs for any task. */
export function scratchBytes(): usize {
  return max(gemmScratchBytes(), max(bankLossScratchBytes(), convolutionScratchBytes()));
}
