import { exitCodes } from './exit-codes.ts';
import { describeFileError } from './files/file-error.ts';

/** Codes of a write whose reader has closed the pipe (EPIPE; EOF on Windows) or the socket (ECONNRESET). */
const closedPipe: ReadonlySet<string | undefined> = new Set(['EPIPE', 'EOF', 'ECONNRESET']);

/** Whether a write failed because its reader has closed the pipe. */
export function isClosedPipe(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  // Node's own code is for a stream that an earlier write has destroyed.
  return closedPipe.has(code) || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ERR_STREAM_DESTROYED';
}

/**
 * Handles failed writes to standard output and standard error, which would otherwise end the process with a stack trace.
 *
 * A reader may close its pipe early, as `openset --help | head -1` does. The command then finishes its work without a
 * word, and its exit code is the usual one: it describes the work, not the reading. If the result cannot be written for
 * another reason, such as a full disk, standard error names it and the exit code is 2. Failed writes to standard error are
 * ignored: progress is not the result, and there is no other place to report them.
 */
export function handleOutputErrors(): void {
  process.stderr.on('error', () => {});
  let hasFailed = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (closedPipe.has(error.code) || hasFailed) return;
    hasFailed = true;
    process.stderr.write(
      `openset: Cannot write to standard output: ${describeFileError(error) ?? error.message}.\n`,
    );
    // The command sets its own exit code later.
    process.once('exit', () => {
      process.exitCode = exitCodes.problem;
    });
  });
}
