// Dispatches the tasks without matrix products.
import {
  activationTask,
  adamWStepTask,
  avgPoolGradTask,
  batchNormGradientMapTask,
  batchNormGradientParametersTask,
  batchNormMapTask,
  batchNormParametersTask,
  batchNormStatisticsTask,
  batchNormSumsTask,
  columnSumsTask,
  copyTask,
  finishSumsTask,
  gatherRowsTask,
  l2NormalizeGradTask,
  l2NormalizeTask,
  maxPoolGradTask,
  normalizeColumnsTask,
  rowSumsTask,
  segmentSumTask,
  sgdStepTask,
  transposeTask,
} from '../src/elementwise-task-ids';
import {
  batchNormGradientMapChunk,
  batchNormGradientParametersChunk,
  batchNormMapChunk,
  batchNormParametersChunk,
  batchNormStatisticsChunk,
  batchNormSumsChunk,
} from './batch-norm';
import { activationChunk, normalizeColumnsChunk } from './column-maps';
import { columnSumsChunk } from './column-sums';
import { copyChunk, gatherRowsChunk, transposeChunk } from './copies';
import { l2NormalizeChunk, l2NormalizeGradChunk } from './normalize';
import { adamWStepChunk, sgdStepChunk } from './optimizers';
import { avgPoolGradChunk, maxPoolGradChunk } from './pools';
import { segmentSumChunk } from './segments';
import { finishSumsChunk, rowSumsChunk } from './sums';

/** Runs one chunk of a task. These tasks need no scratch memory. */
export function runElementwiseChunk(task: i32, p: usize, chunk: i32): void {
  switch (task) {
    case rowSumsTask:
      rowSumsChunk(p, chunk);
      break;
    case columnSumsTask:
      columnSumsChunk(p, chunk);
      break;
    case finishSumsTask:
      finishSumsChunk(p, chunk);
      break;
    case normalizeColumnsTask:
      normalizeColumnsChunk(p, chunk);
      break;
    case batchNormSumsTask:
      batchNormSumsChunk(p, chunk);
      break;
    case batchNormStatisticsTask:
      batchNormStatisticsChunk(p);
      break;
    case batchNormParametersTask:
      batchNormParametersChunk(p);
      break;
    case batchNormGradientParametersTask:
      batchNormGradientParametersChunk(p);
      break;
    case batchNormMapTask:
      batchNormMapChunk(p, chunk);
      break;
    case batchNormGradientMapTask:
      batchNormGradientMapChunk(p, chunk);
      break;
    case activationTask:
      activationChunk(p, chunk);
      break;
    case sgdStepTask:
      sgdStepChunk(p, chunk);
      break;
    case adamWStepTask:
      adamWStepChunk(p, chunk);
      break;
    case l2NormalizeTask:
      l2NormalizeChunk(p, chunk);
      break;
    case l2NormalizeGradTask:
      l2NormalizeGradChunk(p, chunk);
      break;
    case copyTask:
      copyChunk(p, chunk);
      break;
    case transposeTask:
      transposeChunk(p, chunk);
      break;
    case gatherRowsTask:
      gatherRowsChunk(p, chunk);
      break;
    case segmentSumTask:
      segmentSumChunk(p, chunk);
      break;
    case maxPoolGradTask:
      maxPoolGradChunk(p, chunk);
      break;
    case avgPoolGradTask:
      avgPoolGradChunk(p, chunk);
      break;
    default:
      unreachable();
  }
}
