import { ConfigError, OpenSetError } from '@openset/core';
import { MetricsError } from '@openset/metrics';
import { ReportError } from '@openset/report';
import { describeFileError } from './files/file-error.ts';
import { BadImagesError } from './images/bad-image.ts';

/**
 * Returns the message for an error that the user can fix: one line, or one line for each problem of a configuration.
 * @returns null for a bug in openset
 */
export function problemText(error: unknown): string | null {
  // These have a line for each setting or image.
  if (error instanceof ConfigError || error instanceof BadImagesError) return error.problem;
  if (error instanceof OpenSetError) return onOneLine(error.problem);
  if (error instanceof MetricsError || error instanceof ReportError) return onOneLine(error.message);
  const { path } = error as NodeJS.ErrnoException;
  const reason = describeFileError(error);
  if (!reason) return null;
  // Errors of writes to an open file have no path, for example a log on a full disk.
  return path ? `'${path}': ${reason}.` : `Cannot read or write a file: ${reason}.`;
}

function onOneLine(message: string): string {
  return message.replaceAll(/\s*\n\s*/g, ' ');
}
