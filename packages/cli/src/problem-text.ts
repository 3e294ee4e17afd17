import { ConfigError, OpenSetError } from '@openset/core';
import { MetricsError } from '@openset/metrics';
import { ReportError } from '@openset/report';
import { describeFileError } from './files/file-error.ts';
import { BadImagesError } from './images/bad-image.ts';

/**
 * What to do about errors of the libraries, by the option that their advice names. Advice about other options is dropped:
 * the command has no such options.
 */
const commandAdvice: Readonly<Record<string, string>> = {
  batchSize: 'Lower batchSize in the settings, and raise accumulate to keep the size of a step.',
  failOn: '--fail-on none accepts damaged files that can still be decoded.',
  ignore: '--ignore skips names.',
  maxPixels: 'Raise --max-pixels if the file is genuine.',
  relaxedSimd: 'Use --relaxed-simd off.',
  resume: 'Resume them with --resume, or choose another folder with --out.',
};

/**
 * Returns the message for an error that the user can fix: one line, or one line for each problem of a configuration.
 * @returns null for a bug in openset
 */
export function problemText(error: unknown): string | null {
  // These have a line for each setting or image.
  if (error instanceof ConfigError || error instanceof BadImagesError) return withAdvice(error);
  if (error instanceof OpenSetError) return onOneLine(withAdvice(error));
  if (error instanceof MetricsError || error instanceof ReportError) return onOneLine(error.message);
  const { path } = error as NodeJS.ErrnoException;
  const reason = describeFileError(error);
  if (!reason) return null;
  // Errors of writes to an open file have no path, for example a log on a full disk.
  return path ? `'${path}': ${reason}.` : `Cannot read or write a file: ${reason}.`;
}

/** Replaces the advice of a library by that of the command. */
function withAdvice({ problem, advice }: OpenSetError): string {
  const text = advice && commandAdvice[advice.option];
  return text ? `${problem} ${text}` : problem;
}

function onOneLine(message: string): string {
  return message.replaceAll(/\s*\n\s*/g, ' ');
}
