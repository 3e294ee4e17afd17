import { spawn } from 'node:child_process';

/** Result of a finished command. */
export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams, in the order in which they were written. */
  readonly output: string;
}

/** Where a program runs. */
export interface CommandOptions {
  readonly folder: string;
  /** Variables besides those of a user's shell. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs a program to its end, without a shell and without input. */
export function runCommand(
  program: string,
  parameters: readonly string[],
  { folder, environment }: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      cwd: folder,
      env: { ...commandEnvironment(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const result = { stdout: '', stderr: '', output: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        result[stream] += text;
        result.output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ ...result, exitCode }));
  });
}

/** Like `runCommand`, for commands that must succeed. @throws Error with the whole output if it does not */
export async function runSuccessfully(
  program: string,
  parameters: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const result = await runCommand(program, parameters, options);
  if (result.exitCode === 0) return result;
  throw new Error(
    `${program} ${parameters.join(' ')}\nended with exit status ${result.exitCode}\n${result.output}`,
  );
}

/** The environment without the variables of npm and vitest, as in a user's shell. */
function commandEnvironment(): NodeJS.ProcessEnv {
  const isOurs = (name: string) => /^(npm_|VITEST|NODE_ENV$|NODE_OPTIONS$|TURBO_HASH|FORCE_COLOR)/.test(name);
  const inherited = Object.entries(process.env).filter(([name]) => !isOurs(name));
  return { ...Object.fromEntries(inherited), TURBO_TELEMETRY_DISABLED: '1', NO_COLOR: '1' };
}
