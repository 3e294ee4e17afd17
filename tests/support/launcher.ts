import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

/** A program that starts the ranks of a distributed program. */
export interface Launcher {
  readonly command: string;
  readonly isOpenMpi: boolean;
}

/** Ranks that run. */
export interface RunningRanks {
  /** The process of the launcher. */
  readonly child: ChildProcess;
  /** What the launcher and the ranks have printed so far, on both streams. */
  output(): string;
  readonly ended: Promise<{ readonly exitCode: number | null; readonly output: string }>;
}

/** Returns `mpirun`, or the launcher of the variable `OPENSET_MPIRUN`, such as `mpirun.mpich`; null if it does not run. Says so once. */
export function findLauncher(what: string): Launcher | null {
  const command = process.env.OPENSET_MPIRUN ?? 'mpirun';
  const { status, stdout } = spawnSync(command, ['--version']);
  if (status === 0) return { command, isOpenMpi: stdout.toString().includes('Open MPI') };
  console.warn(`No ${command} found: ${what} not tested under MPI. Install Open MPI or MPICH.`);
  return null;
}

/** Starts a program of Node on several ranks of this machine. @param parameters of Node: its options, the program and its parameters */
export function startRanks(
  { command, isOpenMpi }: Launcher,
  size: number,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): RunningRanks {
  // MPICH starts more ranks than there are processors without an option.
  const options = [...(isOpenMpi ? ['--oversubscribe'] : []), '-n', `${size}`];
  const child = spawn(command, [...options, process.execPath, ...parameters], {
    env: {
      ...process.env,
      OMPI_ALLOW_RUN_AS_ROOT: '1',
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<{ exitCode: number | null; output: string }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, output }));
  });
  return { child, output: () => output, ended };
}
