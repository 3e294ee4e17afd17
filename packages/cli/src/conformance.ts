import { readFile } from 'node:fs/promises';
import { DataError } from '@openset/core';
import { readLossFixtures, runLossFixture } from '@openset/testkit';
import { losses } from './losses.ts';

/** What to run. */
export interface ConformanceOptions {
  /** Paths of fixture files. */
  readonly files: readonly string[];
  /** Takes each line of the report. */
  readonly print: (line: string) => void;
}

/** How many cases passed. */
export interface ConformanceReport {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Runs every case of files of reference values on the active backend: one line a case with the worst relative error of
 * the loss, of each gradient and of the state after, and last `N passed, M failed`.
 * @throws DataError if a file cannot be read or is not in the format
 */
export async function runConformance({ files, print }: ConformanceOptions): Promise<ConformanceReport> {
  // All files are read before the first case runs: a wrong path is known at once.
  const cases = (await Promise.all(files.map(readFixtureFile))).flat();
  let passed = 0;
  for (const fixture of cases) {
    const result = await runLossFixture(fixture, losses);
    if (result.passed) passed++;
    const errors = Object.entries(result.errors).map(([key, error]) => `${key} ${error.toExponential(1)}`);
    print(`${result.passed ? 'pass' : 'FAIL'}  ${result.name}  (${errors.join(', ')})`);
  }
  const failed = cases.length - passed;
  print(`${passed} passed, ${failed} failed`);
  return { passed, failed };
}

async function readFixtureFile(path: string) {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`The fixture file cannot be read: ${reason}.`);
  }
  try {
    return readLossFixtures(text);
  } catch (error) {
    throw new DataError(`${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
