import { ConfigError, OpenSetError } from '@openset/core';
import { MetricsError } from '@openset/metrics';
import { ReportError } from '@openset/report';

const fileProblems: Readonly<Record<string, string>> = {
  EACCES: 'there is no permission',
  EDQUOT: 'the disk quota is used up',
  EISDIR: 'it is a folder',
  EMFILE: 'too many files are open',
  ENOENT: 'it does not exist',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a folder',
  EPERM: 'there is no permission',
  EROFS: 'the disk can only be read',
};

/**
 * What is to be told about an error that a user can do something about: a sentence, or several lines for several
 * mistakes of a configuration.
 * @returns null for a mistake of openset
 */
export function problemText(error: unknown): string | null {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof OpenSetError || error instanceof MetricsError || error instanceof ReportError) {
    return pictureProblem(error.message.replaceAll(/\s*\n\s*/g, ' '));
  }
  const { path } = error as NodeJS.ErrnoException;
  const reason = fileProblem(error);
  return reason && path ? `'${path}': ${reason}.` : null;
}

/** What the file system says, in words; null if it is something else. */
export function fileProblem(error: unknown): string | null {
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && fileProblems[code]) || null;
}

/** Without what a loader of `@openset/data` adds for programmers: the number of the record, and an option. */
function pictureProblem(message: string): string {
  return /^Record \d+: (.*) \(onBadRecord: .*\)$/.exec(message)?.[1] ?? message;
}
