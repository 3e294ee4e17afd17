import { auditCase, type CaseResult } from './audit-case.ts';
import type { Tfjs } from './gradient-case.ts';
import { gradientCases } from './gradient-cases.ts';
import type { CaseReference } from './reference.ts';

/**
 * Audits all cases on the active backend.
 * @param references in the order of `gradientCases`
 */
export async function auditGradients(
  tfjs: Tfjs,
  references: readonly CaseReference[],
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const [index, gradientCase] of gradientCases.entries()) {
    results.push(await auditCase(tfjs, gradientCase, references[index]!));
  }
  return results;
}
