import { replaceBlock } from '../replace-block.ts';
import type { CaseResult } from './audit-case.ts';
import { type AuditTarget, auditTargets } from './audit-targets.ts';
import { caseName } from './gradient-case.ts';
import { gradientCases } from './gradient-cases.ts';
import { outcomeText } from './outcomes.ts';

/** The outcome of every case on one target, in the order of `gradientCases`. */
type Column = readonly string[];

const blocks = {
  wrong: (cells: Column) => cells.some((cell) => cell.includes('wrong')),
  refused: (cells: Column) => !cells.some((cell) => cell.includes('wrong')),
} as const;

const headings = [
  'function',
  'variants',
  'cpu',
  'wasm, stock',
  'wasm, our kernels',
  'webgl',
  'webgpu',
  'node',
];

/**
 * Returns docs/backends.md with the results of some targets brought up to date. What was not audited keeps its cells; a case
 * without a row is `ok` on all targets.
 */
export function withAuditTables(
  page: string,
  results: Readonly<Partial<Record<AuditTarget, readonly CaseResult[]>>>,
): string {
  const old = readTables(page);
  const columns = auditTargets.map((target, index): Column => {
    const fresh = new Map(results[target]?.map((result) => [caseName(result), outcomeText(result)]));
    return gradientCases.map((gradientCase) => {
      const name = caseName(gradientCase);
      return fresh.get(name) ?? old.get(name)?.[index] ?? 'ok';
    });
  });
  return (Object.keys(blocks) as (keyof typeof blocks)[]).reduce(
    (text, name) => replaceBlock(text, `gradients-${name}`, tableOf(columns, blocks[name])),
    page,
  );
}

/** Returns the cells of the tables in a page, by the name of the case; cases without a row have none. */
export function readTables(page: string): Map<string, Column> {
  const cells = new Map<string, Column>();
  for (const [, op, variants, rest] of page.matchAll(/^\| `(.+?)` \| (.+?) \| (.+) \|$/gm)) {
    const named = variants!.split('; ');
    for (const gradientCase of gradientCases) {
      if (gradientCase.op !== op || (variants !== 'all' && !named.includes(gradientCase.variant))) continue;
      cells.set(caseName(gradientCase), rest!.split(' | '));
    }
  }
  return cells;
}

/** Makes one row for the variants of an op that have the same cells. */
function tableOf(columns: readonly Column[], belongs: (cells: Column) => boolean): string {
  const rows = new Map<string, { op: string; variants: string[]; cells: Column }>();
  const ops = [...new Set(gradientCases.map(({ op }) => op))];
  gradientCases.forEach(({ op, variant }, index) => {
    const cells = columns.map((column) => column[index]!);
    if (cells.every((cell) => cell === 'ok') || !belongs(cells)) return;
    const key = [op, ...cells].join('|');
    if (!rows.has(key)) rows.set(key, { op, variants: [], cells });
    rows.get(key)!.variants.push(variant);
  });
  const sorted = [...rows.values()].sort((a, b) => ops.indexOf(a.op) - ops.indexOf(b.op));
  const lines = sorted.map(({ op, variants, cells }) => {
    const total = gradientCases.filter((gradientCase) => gradientCase.op === op).length;
    return `| \`${op}\` | ${variants.length === total ? 'all' : variants.join('; ')} | ${cells.join(' | ')} |`;
  });
  return [`| ${headings.join(' | ')} |`, `|${'---|'.repeat(headings.length)}`, ...lines].join('\n');
}
