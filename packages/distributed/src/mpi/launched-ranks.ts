/** Variables by which launchers tell the number of ranks: those of Open MPI and of MPICH. */
export const sizeVariables = ['OMPI_COMM_WORLD_SIZE', 'PMI_SIZE'] as const;

/**
 * Returns the number of ranks that a launcher such as `mpirun` or `srun` started, as it tells in the environment; 1 without a launcher. Loads no
 * MPI library.
 */
export function launchedRanks(environment: Readonly<Record<string, string | undefined>>): number {
  const name = sizeVariables.find((variable) => Number(environment[variable]) > 0);
  if (name) return Number(environment[name]);
  // `srun --mpi=pmix` leaves the number to Slurm.
  return environment.PMIX_RANK === undefined ? 1 : Number(environment.SLURM_STEP_NUM_TASKS ?? 1);
}
