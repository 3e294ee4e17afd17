// Dispatches the tasks of inference plans.
import { averageTask, mapTask, packedConvolutionTask, packFilterTask } from '../src/inference-task-ids';
import { packedConvolutionChunk, packFilterChunk } from './packed-convolution';
import { averageChunk, mapChunk } from './plan-maps';

/** Runs one chunk. Returns false if the task is none of a plan. */
export function runPlanChunk(task: i32, parameters: usize, chunk: i32, scratch: usize): bool {
  switch (task) {
    case packFilterTask:
      packFilterChunk(parameters, chunk);
      return true;
    case packedConvolutionTask:
      packedConvolutionChunk(parameters, chunk, scratch);
      return true;
    case mapTask:
      mapChunk(parameters, chunk);
      return true;
    case averageTask:
      averageChunk(parameters, chunk);
      return true;
    default:
      return false;
  }
}
