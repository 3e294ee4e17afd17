export { launchedRanks, tasksWithoutMpi } from './mpi/launched-ranks.ts';
export { type MpiOptions, openMpi } from './mpi/open-mpi.ts';
