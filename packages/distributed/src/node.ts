export { type MpiOptions, openMpi } from './mpi/open-mpi.ts';
