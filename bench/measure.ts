import { cpus } from 'node:os';

/** Times of the same work done in two ways, by turns, in one process. */
export interface Comparison {
  readonly name: string;
  /** Name of the reference; default `'stock'`, which is unmodified tfjs-backend-wasm; null for none. */
  readonly reference?: string | null;
  /** Median milliseconds of the reference; null if it cannot do the work. */
  readonly theirs: number | null;
  /** Median milliseconds of openset. */
  readonly openset: number;
  /** Median of the ratios of neighbouring runs, reference to openset; null without a reference. */
  readonly ratio: number | null;
  /** Reason why `theirs` is null, if it is not a missing kernel. */
  readonly absent?: string;
  /** Megabytes that the work allocates beyond its inputs. */
  readonly megabytes?: number;
  /** CosFace over as many rows: what a loss may cost. */
  readonly baseline?: Beside;
  /** The same work in PyTorch. */
  readonly pytorch?: Beside;
}

/** Work that ran by turns with openset's. */
interface Beside {
  /** Median. */
  readonly milliseconds: number;
  /** Median of the ratios of neighbouring runs, openset to this work. */
  readonly ratio: number;
  readonly megabytes?: number;
}

/** Results that are not times of two ways. */
export interface Table {
  readonly columns: readonly string[];
  /** Cells of each row, as many as columns. */
  readonly rows: readonly (readonly string[])[];
}

/** Measures both ways by turns, so that a slowdown of the machine affects both. */
export function compare(
  name: string,
  openset: () => void,
  stock: (() => void) | null,
  runs = 11,
): Comparison {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = -2; run < runs; run++) {
    const first = time(openset);
    const second = stock ? time(stock) : 0;
    // The first two rounds warm up.
    if (run < 0) continue;
    ours.push(first);
    theirs.push(second);
  }
  const ratios = ours.map((value, index) => theirs[index]! / value);
  return {
    name,
    theirs: stock && median(theirs),
    openset: median(ours),
    ratio: stock && median(ratios),
  };
}

/** Returns the duration of the work in milliseconds. */
export function time(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** Returns the median; of an even number of values, the upper of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Returns the processor, the number of cores and the version of Node as text. */
export function describeMachine(): string {
  const processors = cpus();
  return `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, Node ${process.versions.node}`;
}

/** Returns the comparisons as a Markdown table; the second column is named after the reference. */
export function comparisonTable(rows: readonly Comparison[]): string {
  const names = new Set(rows.flatMap(({ reference = 'stock' }) => reference ?? []));
  const withMemory = rows.some(({ megabytes }) => megabytes !== undefined);
  const columns: [string, (row: Comparison) => string][] = [['', ({ name }) => name]];
  if (names.size > 0) {
    columns.push([
      [...names].join(', '),
      ({ reference, theirs, absent }) =>
        reference === null ? '' : theirs === null ? (absent ?? 'missing') : milliseconds(theirs),
    ]);
  }
  columns.push(['openset', ({ openset }) => milliseconds(openset)]);
  if (names.size > 0)
    columns.push(['faster', ({ ratio }) => (ratio === null ? '' : `${ratio.toFixed(1)} ×`)]);
  const others = (['baseline', 'pytorch'] as const).filter((key) => rows.some((row) => row[key]));
  for (const key of others) {
    columns.push(
      [titles[key], (row) => (row[key] ? milliseconds(row[key].milliseconds) : '')],
      [`openset / ${titles[key]}`, (row) => row[key]?.ratio.toFixed(2) ?? ''],
    );
  }
  if (withMemory) {
    columns.push(['openset, memory', ({ megabytes }) => size(megabytes)]);
    for (const key of others) columns.push([`${titles[key]}, memory`, (row) => size(row[key]?.megabytes)]);
  }
  const lines = rows.map((row) => columns.map(([, cell]) => cell(row)));
  return tableText({ columns: columns.map(([head]) => head), rows: lines });
}

/** Returns a table in Markdown. */
export function tableText({ columns, rows }: Table): string {
  return [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const titles = { baseline: 'CosFace', pytorch: 'PyTorch' } as const;

function milliseconds(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function size(megabytes: number | undefined): string {
  return megabytes === undefined ? '' : `+${megabytes.toFixed(0)} MB`;
}
