import { expect, it } from 'vitest';
import { launchedRanks, tasksWithoutMpi } from './launched-ranks.ts';

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

it.each([
  [{}, 1],
  [{ SLURM_STEP_NUM_TASKS: '8' }, 8],
  [{ SLURM_STEP_NUM_TASKS: '1' }, 1],
  [{ SLURM_STEP_NUM_TASKS: '8', PMIX_RANK: '0' }, 1],
  // The step of Slurm by which mpirun started its own processes on other machines.
  [{ SLURM_STEP_NUM_TASKS: '8', OMPI_COMM_WORLD_SIZE: '1' }, 1],
  [{ SLURM_STEP_NUM_TASKS: '8', PMI_RANK: '0' }, 1],
])('finds tasks of Slurm without MPI in %j', (environment, tasks) => {
  expect(tasksWithoutMpi(environment)).toBe(tasks);
});
