// Dispatches the tasks of convolutions.
import {
  convolutionTask,
  depthwiseGradientTask,
  depthwiseTask,
  filterGradientTask,
  sumPartsTask,
  winogradFilterTask,
  winogradGradientTask,
  winogradTask,
} from '../src/convolution-task-ids';
import { convolutionBytes, convolutionChunk } from './convolution';
import { depthwiseChunk } from './depthwise';
import { depthwiseGradientChunk } from './depthwise-gradient';
import { filterGradientBytes, filterGradientChunk } from './filter-gradient';
import { sumPartsChunk } from './sum-parts';
import { winogradBytes, winogradChunk, winogradFilterChunk } from './winograd';
import { winogradGradientChunk } from './winograd-gradient';

/** Runs one chunk. Returns false if the task is none of a convolution. */
export function runConvolutionChunk(task: i32, parameters: usize, chunk: i32, scratch: usize): bool {
  switch (task) {
    case convolutionTask:
      convolutionChunk(parameters, chunk, scratch);
      return true;
    case filterGradientTask:
      filterGradientChunk(parameters, chunk, scratch);
      return true;
    case sumPartsTask:
      sumPartsChunk(parameters, chunk);
      return true;
    case winogradFilterTask:
      winogradFilterChunk(parameters, chunk, scratch);
      return true;
    case winogradTask:
      winogradChunk(parameters, chunk, scratch);
      return true;
    case winogradGradientTask:
      winogradGradientChunk(parameters, chunk, scratch);
      return true;
    case depthwiseTask:
      depthwiseChunk(parameters, chunk);
      return true;
    case depthwiseGradientTask:
      depthwiseGradientChunk(parameters, chunk);
      return true;
    default:
      return false;
  }
}

/** Returns the bytes of scratch memory that any of these tasks needs. */
export function convolutionScratchBytes(): usize {
  return max(convolutionBytes(), max(filterGradientBytes(), winogradBytes()));
}
