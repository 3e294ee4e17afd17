import { ConfigError, OpenSetError } from '@openset/core';
import { MetricsError } from '@openset/metrics';
import { ReportError } from '@openset/report';
import { fileProblem } from './files/file-problem.ts';

/**
 * What is to be told about an error that a user can do something about: a sentence, or several lines for several
 * mistakes of a configuration.
 * @returns null for a mistake of openset
 */
export function problemText(error: unknown): string | null {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof OpenSetError || error instanceof MetricsError || error instanceof ReportError) {
    return withoutLoaderHint(error.message.replaceAll(/\s*\n\s*/g, ' '));
  }
  const { path } = error as NodeJS.ErrnoException;
  const reason = fileProblem(error);
  if (!reason) return null;
  // What is written to a file that is open names none: the log of a run on a full disk.
  return path ? `'${path}': ${reason}.` : `A file cannot be read or written: ${reason}.`;
}

/** Without what a loader of `@openset/data` adds for programmers: the number of the record, and an option. */
function withoutLoaderHint(message: string): string {
  return /^Record \d+: (.*) \(onBadRecord: .*\)$/.exec(message)?.[1] ?? message;
}
