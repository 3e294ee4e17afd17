import { DataError } from '@openset/core';
import { readLossFixtures, runLossFixture } from '@openset/testkit';
import { type BackboneResult, backboneCases } from './conformance-backbone.ts';
import { type MetricsResult, metricsCases } from './conformance-metrics.ts';
import { readBytes } from './files/read-file.ts';
import { losses } from './losses.ts';

/** What the files of a conformance run hold. */
export type ConformanceKind = 'losses' | 'metrics' | 'backbone';

/** What to run. */
export interface ConformanceOptions {
  /** Paths of fixture files. */
  readonly files: readonly string[];
  /** Takes each line of the report. */
  readonly print: (line: string) => void;
  /** What the files hold, default `'losses'`. */
  readonly kind?: ConformanceKind;
}

/** How many cases passed. */
export interface ConformanceReport {
  readonly passed: number;
  readonly failed: number;
}

/** A case that is read and checked: runs it, and says whether it passed, in one line. */
type ConformanceCase = () => Promise<{ readonly passed: boolean; readonly line: string }>;

/**
 * Runs every case of files of reference values: one line a case, and last `N passed, M failed`.
 *
 * Losses run on the active backend; their lines hold the worst relative error of the loss, of each gradient and of the
 * state after. Backbones run there too, and theirs hold the relative errors of embeddings and gradients. Metrics need no
 * backend: counts and shares must be equal, areas and means within 1e-9; their lines hold how many values were compared,
 * and those that differ.
 *
 * @throws DataError if a file cannot be read or is not in the format
 */
export async function runConformance({
  files,
  print,
  kind = 'losses',
}: ConformanceOptions): Promise<ConformanceReport> {
  // All files are read before the first case runs: a wrong path is known at once.
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
  const values = Object.entries(errors).map(([key, error]) => `${key} ${error.toExponential(1)}`);
  return { passed, line: `${name}  (${[values.join(', '), ...(note ? [note] : [])].join('; ')})` };
}

function describeMetrics({ name, comparisons, passed }: MetricsResult) {
  const wrong = comparisons.filter((one) => !one.passed);
  const differences = wrong.map(({ key, found, expected }) => `${key} ${found}, expected ${expected}`);
  return { passed, line: `${name}  (${[`${comparisons.length} values`, ...differences].join('; ')})` };
}
