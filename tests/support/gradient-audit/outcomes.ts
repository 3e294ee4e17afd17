import { type CaseResult, type Finding, tolerance } from './audit-case.ts';

/** What became of one case: the worst of its values and gradients. */
export type Outcome = 'ok' | 'refused' | 'wrong';

/** Returns what became of the values or of one gradient. */
export function outcomeOf(finding: Finding): Outcome {
  if (typeof finding === 'string') return 'refused';
  return finding <= tolerance ? 'ok' : 'wrong';
}

/** Returns the worst outcome of a case. A function that does not run at all is refused. */
export function caseOutcome({ values, gradients }: CaseResult): Outcome {
  const outcomes = [values, ...Object.values(gradients)].map(outcomeOf);
  return (['wrong', 'refused', 'ok'] as const).find((outcome) => outcomes.includes(outcome)) as Outcome;
}

/**
 * Describes a case in a few words, with the names of the inputs if they differ: `ok`, `refused`, `wrong`,
 * `wrong: x, refused: filter`, `wrong values`, or `unsupported` if the function itself does not run.
 */
export function outcomeText({ values, gradients }: CaseResult): string {
  const forward = outcomeOf(values);
  if (forward === 'refused') return 'unsupported';
  const names = Object.keys(gradients);
  const parts = (['wrong', 'refused'] as const).flatMap((outcome) => {
    const those = names.filter((name) => outcomeOf(gradients[name]!) === outcome);
    if (those.length === 0) return [];
    return those.length === names.length ? [outcome] : [`${outcome}: ${those.join(', ')}`];
  });
  return [...(forward === 'wrong' ? ['wrong values'] : []), ...parts].join(', ') || 'ok';
}
