// A task is work in chunks, which threads claim in any order. Its parameters are 4-byte words: 48 integers or addresses,
// then 16 floats. The result of a chunk must depend neither on the thread that computes it nor on the order of the chunks.
import { gemmTask } from '../src/task-ids';
import { bankLossScratchBytes, runBankLossChunk } from './bank-loss';
import { convolutionScratchBytes, runConvolutionChunk } from './convolution-tasks';
import { runElementwiseChunk } from './elementwise-tasks';
import { gemmChunk, gemmScratchBytes } from './gemm';
import { packedConvolutionBytes } from './packed-convolution';
import { runPlanChunk } from './plan-tasks';

/** Runs one chunk of a task. `scratch` points to `scratchBytes()` bytes that belong to the thread, 16-byte aligned. */
export function runChunk(task: i32, parameters: usize, chunk: i32, scratch: usize): void {
  switch (task) {
    case gemmTask:
      gemmChunk(parameters, chunk, scratch);
      break;
    default:
      if (runBankLossChunk(task, parameters, chunk, scratch)) break;
      if (runConvolutionChunk(task, parameters, chunk, scratch)) break;
      if (runPlanChunk(task, parameters, chunk, scratch)) break;
      runElementwiseChunk(task, parameters, chunk);
  }
}

/** Returns the bytes of scratch memory that a thread needs for any task. */
export function scratchBytes(): usize {
  return max(
    max(gemmScratchBytes(), bankLossScratchBytes()),
    max(convolutionScratchBytes(), packedConvolutionBytes()),
  );
}
