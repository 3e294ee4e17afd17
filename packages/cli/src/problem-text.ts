import { ConfigError, OpenSetError } from '@openset/core';
import { MetricsError } from '@openset/metrics';
import { ReportError } from '@openset/report';
import { describeFileError } from './files/file-error.ts';

/**
 * Returns the message for an error that the user can fix: one line, or one line for each problem of a configuration.
 * @returns null for a bug in openset
 */
export function problemText(error: unknown): string | null {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof OpenSetError || error instanceof MetricsError || error instanceof ReportError) {
    return withoutLoaderHint(error.message.replaceAll(/\s*\n\s*/g, ' '));
  }
  const { path } = error as NodeJS.ErrnoException;
  const reason = describeFileError(error);
  if (!reason) return null;
  // Errors of writes to an open file have no path, for example a log on a full disk.
  return path ? `'${path}': ${reason}.` : `Cannot read or write a file: ${reason}.`;
}

/** Removes what loaders of `@openset/data` add for programmers: the record number and the option `onBadRecord`. */
function withoutLoaderHint(message: string): string {
  return /^Record \d+: (.*) \(onBadRecord: .*\)$/.exec(message)?.[1] ?? message;
}
