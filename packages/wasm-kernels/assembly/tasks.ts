// A task is work in chunks that threads take by turns. Its parameters lie in memory as 4-byte words: 48 integers or
// addresses, then 16 floats. What a chunk computes may not depend on who computes it, nor on the order of the chunks.
import {
  convolutionTask,
  depthwiseFilterTask,
  depthwiseTask,
  filterGradientTask,
  gemmTask,
  sumPartsTask,
  winogradFilterTask,
  winogradGradientTask,
  winogradTask,
} from '../src/task-ids';
import { convolutionChunk, convolutionScratchBytes } from './convolution';
import { depthwiseChunk, depthwiseFilterChunk } from './depthwise';
import { filterGradientChunk, filterGradientScratchBytes } from './filter-gradient';
import { gemmChunk, gemmScratchBytes } from './gemm';
import { sumPartsChunk } from './sum-parts';
import { winogradChunk, winogradFilterChunk, winogradScratchBytes } from './winograd';
import { winogradGradientChunk } from './winograd-gradient';

/** Does one chunk of a task. `scratch` belongs to the thread: `scratchBytes()` bytes, 16-byte aligned. */
export function runChunk(task: i32, parameters: usize, chunk: i32, scratch: usize): void {
  switch (task) {
    case gemmTask:
      gemmChunk(parameters, chunk, scratch);
      break;
    case convolutionTask:
      convolutionChunk(parameters, chunk, scratch);
      break;
    case winogradFilterTask:
      winogradFilterChunk(parameters, chunk, scratch);
      break;
    case winogradTask:
      winogradChunk(parameters, chunk, scratch);
      break;
    case winogradGradientTask:
      winogradGradientChunk(parameters, chunk, scratch);
      break;
    case filterGradientTask:
      filterGradientChunk(parameters, chunk, scratch);
      break;
    case sumPartsTask:
      sumPartsChunk(parameters, chunk);
      break;
    case depthwiseTask:
      depthwiseChunk(parameters, chunk);
      break;
    case depthwiseFilterTask:
      depthwiseFilterChunk(parameters, chunk);
      break;
    default:
      unreachable();
  }
}

/** Bytes of scratch memory that a thread needs for any task. */
export function scratchBytes(): usize {
  const convolutions = max(convolutionScratchBytes(), filterGradientScratchBytes());
  return max(gemmScratchBytes(), max(convolutions, winogradScratchBytes()));
}
