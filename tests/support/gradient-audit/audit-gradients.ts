import { auditCase, type CaseResult } from './audit-case.ts';
import { caseName, type Tfjs } from './gradient-case.ts';
import { gradientCases } from './gradient-cases.ts';
import type { CaseReference } from './reference.ts';

/**
 * Audits cases on the active backend.
 * @param references by the name of the case; cases without a reference are skipped
 */
export async function auditGradients(
  tfjs: Tfjs,
  references: Readonly<Record<string, CaseReference>>,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const gradientCase of gradientCases) {
    const reference = references[caseName(gradientCase)];
    if (reference) results.push(await auditCase(tfjs, gradientCase, reference));
  }
  return results;
}
