type Environment = Readonly<Record<string, string | undefined>>;

/** Variables by which launchers tell the number of ranks: those of Open MPI and of MPICH. */
const sizeVariables = ['OMPI_COMM_WORLD_SIZE', 'PMI_SIZE'] as const;

/** What a launcher tells in the environment. */
export interface Launch {
  /** Number of ranks that it started. */
  readonly size: number;
  /** Variable that says so. */
  readonly variable: string;
}

/** Returns what a launcher tells; null without a launcher. */
export function readLaunch(environment: Environment): Launch | null {
  const variable = sizeVariables.find((name) => Number(environment[name]) > 0);
  if (variable) return { size: Number(environment[variable]), variable };
  // `srun --mpi=pmix` leaves the number to Slurm.
  const tasks = Number(environment.SLURM_STEP_NUM_TASKS);
  return environment.PMIX_RANK !== undefined && tasks > 0
    ? { size: tasks, variable: 'SLURM_STEP_NUM_TASKS' }
    : null;
}

/**
 * Returns the number of ranks that a launcher such as `mpirun` or `srun` started, as it tells in the environment; 1 without a launcher. Loads no
 * MPI library.
 */
export function launchedRanks(environment: Environment): number {
  return readLaunch(environment)?.size ?? 1;
}

/** Returns the number of tasks that `srun` started without MPI, each of which knows only itself; 1 for a single process. */
export function tasksWithoutMpi(environment: Environment): number {
  const isOfMpi = [...sizeVariables, 'PMI_RANK', 'PMIX_RANK'].some((name) => environment[name] !== undefined);
  return isOfMpi ? 1 : Math.max(1, Number(environment.SLURM_STEP_NUM_TASKS) || 1);
}
