import { expect, it } from 'vitest';
import { launchedRanks } from './launched-ranks.ts';

it.each([
  [{}, 1],
  [{ OMPI_COMM_WORLD_SIZE: '4' }, 4],
  [{ PMI_SIZE: '2' }, 2],
  [{ PMIX_RANK: '0', SLURM_STEP_NUM_TASKS: '8' }, 8],
  // A step of Slurm without MPI.
  [{ SLURM_STEP_NUM_TASKS: '8' }, 1],
  [{ PMIX_RANK: '0' }, 1],
])('reads the number of ranks from %j', (environment, size) => {
  expect(launchedRanks(environment)).toBe(size);
});
