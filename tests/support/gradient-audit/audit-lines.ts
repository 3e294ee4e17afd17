import type { CaseResult, Finding } from './audit-case.ts';
import { caseOutcome, type Outcome, outcomeOf } from './outcomes.ts';

/** The printed result of an audit. */
export interface AuditText {
  /** A line for each op, such as `wrong    avgPool: 2 of 20 variants: same (x 0.34); padding 1 (x 0.34)`. */
  readonly lines: readonly string[];
  /** Number of ops by their worst outcome. */
  readonly counts: Readonly<Record<Outcome, number>>;
}

/** Describes the results of a backend, op by op in alphabetic order. */
export function auditText(results: readonly CaseResult[]): AuditText {
  const counts = { ok: 0, refused: 0, wrong: 0 };
  const ops = [...new Set(results.map(({ op }) => op))].sort();
  const lines = ops.map((op) => {
    const cases = results.filter((result) => result.op === op);
    const outcome = worst(cases);
    counts[outcome]++;
    return `${outcome.padEnd(8)} ${op}${outcome === 'ok' ? '' : `: ${details(cases, outcome)}`}`;
  });
  return { lines, counts };
}

function worst(cases: readonly CaseResult[]): Outcome {
  const outcomes = cases.map(caseOutcome);
  return (['wrong', 'refused'] as const).find((outcome) => outcomes.includes(outcome)) ?? 'ok';
}

function details(cases: readonly CaseResult[], outcome: Outcome): string {
  const affected = cases.filter((result) => caseOutcome(result) === outcome);
  const findings = affected.map((result) => {
    const own = findingsOf(result).filter(([, finding]) => outcomeOf(finding) === outcome);
    return { variant: result.variant, own };
  });
  const count = cases.length > 1 ? `${affected.length} of ${cases.length} variants: ` : '';
  if (outcome === 'wrong') {
    const texts = findings.map(({ variant, own }) => {
      const errors = own.map(([name, finding]) => `${name} ${(finding as number).toPrecision(2)}`).join(', ');
      return `${variant} (${errors})`.trim();
    });
    return count + texts.join('; ');
  }
  const [reason] = findings[0]!.own.map(([, message]) => (message as string).split('\n')[0]);
  const variants = findings.flatMap(({ variant }) => (variant ? [variant] : [])).join('; ');
  return `${count}${[variants, reason].filter(Boolean).join(': ')}`;
}

function findingsOf({ values, gradients }: CaseResult): [name: string, finding: Finding][] {
  return [['values', values], ...Object.entries(gradients)];
}
