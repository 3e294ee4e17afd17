import { DataError } from '@openset/core';
import { readLossFixtures, runLossFixture } from '@openset/testkit';
import { readBytes } from '../files/read-file.ts';
import { losses } from '../losses.ts';
import { type BackboneResult, backboneCases } from './backbone-cases.ts';
import { type MetricsResult, metricsCases } from './metrics-cases.ts';

/** Content of fixture files. */
export type ConformanceKind = 'losses' | 'metrics' | 'backbone';

/** Options of `runConformance`. */
export interface ConformanceOptions {
  /** Paths of fixture files. */
  readonly files: readonly string[];
  /** Called with each line of the report. */
  readonly print: (line: string) => void;
  /** Content of the files; default: `'losses'`. */
  readonly kind?: ConformanceKind;
}

/** Numbers of passed and failed cases. */
export interface ConformanceReport {
  readonly passed: number;
  readonly failed: number;
}

/** Runs a case and describes the result in one line. */
type ConformanceCase = () => Promise<{ readonly passed: boolean; readonly line: string }>;

/**
 * Runs all cases of fixture files and prints one line for each, then `N passed, M failed`.
 *
 * Losses and backbones run on the active backend. The line of a loss has the worst relative errors of the loss, of each
 * gradient and of the updated state. The line of a backbone has the relative errors of embeddings and gradients. Metrics
 * need no backend: counts and shares must be equal, areas and means must agree within 1e-9. The line has the number of
 * compared values and the values that differ.
 *
 * @throws DataError if a file cannot be read or has another format
 */
export async function runConformance({
  files,
  print,
  kind = 'losses',
}: ConformanceOptions): Promise<ConformanceReport> {
  // Reading all files first reports a wrong path before any case runs.
  const cases = (await Promise.all(files.map((path) => readCases(path, kind)))).flat();
  let passed = 0;
  for (const run of cases) {
    const result = await run();
    if (result.passed) passed++;
    print(`${result.passed ? 'pass' : 'FAIL'}  ${result.line}`);
  }
  const failed = cases.length - passed;
  print(`${passed} passed, ${failed} failed`);
  return { passed, failed };
}

async function readCases(path: string, kind: ConformanceKind): Promise<ConformanceCase[]> {
  const text = new TextDecoder().decode(await readBytes(path));
  const inFile = (error: unknown): DataError => {
    const message = `${path}: ${error instanceof Error ? error.message : String(error)}`;
    return new DataError(message, { cause: error });
  };
  try {
    if (kind === 'losses') return lossCases(text);
    const cases =
      kind === 'metrics'
        ? metricsCases(text).map((run) => async () => describeMetrics(run()))
        : backboneCases(text).map((run) => async () => describeErrors(await run()));
    return cases.map((run) => async () => {
      try {
        return await run();
      } catch (error) {
        throw error instanceof DataError ? inFile(error) : error;
      }
    });
  } catch (error) {
    throw inFile(error);
  }
}

function lossCases(text: string): ConformanceCase[] {
  return readLossFixtures(text).map((fixture) => async () => {
    return describeErrors(await runLossFixture(fixture, losses));
  });
}

function describeErrors({ name, errors, passed, note }: BackboneResult) {
  const values = Object.entries(errors).map(
    // The backend's own number is NaN or infinite.
    ([key, error]) => `${key} ${Number.isFinite(error) ? error.toExponential(1) : 'not finite'}`,
  );
  return { passed, line: `${name}  (${[values.join(', '), ...(note ? [note] : [])].join('; ')})` };
}

function describeMetrics({ name, comparisons, passed }: MetricsResult) {
  const wrong = comparisons.filter((one) => !one.passed);
  const differences = wrong.map(({ key, found, expected }) => `${key} ${found}, expected ${expected}`);
  return { passed, line: `${name}  (${[`${comparisons.length} values`, ...differences].join('; ')})` };
}
