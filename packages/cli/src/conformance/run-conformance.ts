import { DataError } from '@openset/core';
import { readLossFixtures, runLossFixture } from '@openset/testkit';
import { readBytes } from '../files/read-file.ts';
import { losses } from '../losses.ts';
import { type BackboneResult, backboneCases } from './backbone-cases.ts';
import { parseFixtureText } from './fixture-fields.ts';
import { inconsistencyCases } from './inconsistency-cases.ts';
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
  /** Number of cases that pass. */
  readonly passed: number;
  /** Number of cases that fail. */
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
 * compared values and the values that differ. Files of losses and of metrics may also have cases of the
 * operating-point inconsistency, a list `opis`: utilities and distances must agree within 1e-6.
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
    print(reportLine(result.passed, result.line));
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
    const cases = kind === 'backbone' ? networkCases(text) : casesOfFile(text, kind);
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

/** Lists of cases in files of each kind. */
const ownLists = { losses: ['cases'], metrics: ['verification', 'identification', 'uniform'] } as const;

/** Returns the cases of losses or metrics, then those of the list `opis`, which both files may have. */
function casesOfFile(text: string, kind: 'losses' | 'metrics'): ConformanceCase[] {
  const inconsistency = inconsistencyCases(text).map((run) => async () => describeMetrics(run()));
  const file = parseFixtureText(text);
  const isAlone = ownLists[kind].every((list) => file[list] === undefined);
  if (inconsistency.length > 0 && isAlone) return inconsistency;
  return [...(kind === 'losses' ? lossCases(text) : metricCases(text)), ...inconsistency];
}

function lossCases(text: string): ConformanceCase[] {
  return readLossFixtures(text).map((fixture) => async () => {
    return describeErrors(await runLossFixture(fixture, losses));
  });
}

function metricCases(text: string): ConformanceCase[] {
  return metricsCases(text).map((run) => async () => describeMetrics(run()));
}

function networkCases(text: string): ConformanceCase[] {
  return backboneCases(text).map((run) => async () => describeErrors(await run()));
}

/** Returns the line of the report for a case of a loss or a network. */
export function resultLine(result: BackboneResult): string {
  const { passed, line } = describeErrors(result);
  return reportLine(passed, line);
}

function reportLine(passed: boolean, line: string): string {
  return `${passed ? 'pass' : 'FAIL'}  ${line}`;
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
