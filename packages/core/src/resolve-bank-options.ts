import { checkCombination } from './bank-combinations.ts';
import type { BankOptions, ResolvedBankOptions } from './bank-options.ts';
import { checkCriterion } from './criterion.ts';
import { checkChoice, checkNumber } from './errors.ts';
import { checkMargins } from './margins.ts';
import { requirePart } from './require-part.ts';
import { checkSimilarityMap } from './similarity-map.ts';

/** Every object that `resolveBankOptions` returned. They are frozen, so they need no second check. */
const resolvedOptions = new WeakSet<object>();

/**
 * Returns the options with every default filled in, checked and frozen. Its own results pass unchanged: a loss resolves
 * once in its constructor, and `cosineBankLoss` checks nothing again at each step.
 * @throws ConfigError for an option out of range, or options that exclude each other
 */
export function resolveBankOptions(options: BankOptions): ResolvedBankOptions {
  if (resolvedOptions.has(options)) return options as ResolvedBankOptions;
  const resolved = withDefaults(options);
  checkBankOptions(resolved);
  resolvedOptions.add(resolved);
  return resolved;
}

function withDefaults(options: BankOptions): ResolvedBankOptions {
  const { similarity = 'cosine' } = options;
  return Object.freeze({
    criterion: options.criterion,
    scale: options.scale ?? (similarity === 'cosine' ? 64 : 1),
    margins: Object.freeze(options.margins?.map((margin) => Object.freeze({ ...margin })) ?? []),
    similarity,
    cosineLimit: options.cosineLimit,
    similarityMap: options.similarityMap && Object.freeze({ ...options.similarityMap }),
    negativeMargin: options.negativeMargin && Object.freeze({ ...options.negativeMargin }),
    centers: options.centers ?? 1,
    labelSmoothing: options.labelSmoothing ?? 0,
    negativeWeight: options.negativeWeight ?? 1,
    pairSampling: options.pairSampling && Object.freeze({ ...options.pairSampling }),
    logitClip: options.logitClip,
    emptyRows: options.emptyRows ?? 'score',
    bankGradient: options.bankGradient ?? true,
    weight: options.weight ?? 1,
    reduction: options.reduction ?? 'mean',
    blockSize: options.blockSize,
  });
}

function checkBankOptions(resolved: ResolvedBankOptions): void {
  checkChoice('similarity', resolved.similarity, ['cosine', 'dot']);
  checkCriterion(resolved);
  checkChoice('emptyRows', resolved.emptyRows, ['score', 'skip']);
  checkNumber('scale (γ)', resolved.scale, { minimum: Number.MIN_VALUE });
  checkNumber('labelSmoothing (ε)', resolved.labelSmoothing, { minimum: 0, maximum: 1 });
  checkNumber('negativeWeight (λ)', resolved.negativeWeight, { minimum: 0 });
  checkNumber('weight', resolved.weight);
  checkMargins(resolved.margins, resolved.similarity);
  if (resolved.blockSize !== undefined) {
    checkNumber('blockSize', resolved.blockSize, { minimum: 1, integer: true });
  }
  if (resolved.logitClip !== undefined) checkNumber('logitClip', resolved.logitClip, { minimum: 0 });
  if (resolved.cosineLimit !== undefined) {
    checkNumber('cosineLimit', resolved.cosineLimit, { minimum: 0, maximum: 1 });
  }
  checkChoice('reduction', resolved.reduction, ['mean', 'none']);
  checkNumber('centers (K)', resolved.centers, { minimum: 1, integer: true });
  if (resolved.similarityMap) checkSimilarityMap(resolved.similarityMap, resolved.margins);
  for (const name of ['negativeMargin', 'pairSampling'] as const) {
    const part = resolved[name];
    if (!part) continue;
    requirePart(name, part, `made by ${name}`);
    part.check();
  }
  checkCombination(resolved);
}
