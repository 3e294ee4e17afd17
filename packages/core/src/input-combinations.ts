import { changesNegatives, refuse } from './bank-combinations.ts';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import { ConfigError } from './errors.ts';

/**
 * Refuses inputs that the options, or other inputs, exclude.
 * @throws ConfigError that names both
 */
export function checkInputCombination(inputs: BankInputs, options: ResolvedBankOptions): void {
  const { rowMargins = {}, outsideNegatives, mixture, hardFactor, labels, bias, bank } = inputs;
  if (labels.rank === 2 && (options.margins.length > 0 || options.emptyRows === 'skip')) {
    throw new ConfigError(
      'Soft targets have no single positive class for a margin or an empty memory row: use margin 0 and a bank of ' +
        'class weights, or pass labels [batch].',
    );
  }
  if (labels.rank === 2 && (changesNegatives(options) || outsideNegatives)) {
    throw new ConfigError(
      'Soft targets make no class negative, so they cannot be combined with similarityMap (interclassFilteringThreshold is ' +
        'one), negativeMargin or outsideNegatives: pass labels [batch].',
    );
  }
  for (const [key, kind] of [['angle', 'angular'] as const, ['cosine', 'cosine'] as const]) {
    if (rowMargins[key] && !options.margins.some(({ takes }) => takes === key)) {
      throw new ConfigError(
        `rowMargins.${key} is added to a margin of kind '${kind}', but the options have none.`,
      );
    }
  }
  if (outsideNegatives) {
    const excluded = {
      labelSmoothing: options.labelSmoothing > 0,
      pairSampling: options.pairSampling,
      'a bias for each class': bias && bias.shape[0] !== 1 && bank.shape[0] > 1,
    };
    refuse(excluded, (one) => `outsideNegatives belong to no class, so they cannot be combined with ${one}.`);
  }
  const kind = options.similarityMap?.kind;
  if (hardFactor && kind !== 'hardNegatives') {
    const found = kind ? `is '${kind}'` : 'is missing';
    throw new ConfigError(`hardFactor belongs to the similarityMap 'hardNegatives', but the map ${found}.`);
  }
  if (mixture) {
    const excluded = {
      'several centers for each class': options.centers > 1,
      "emptyRows 'skip'": options.emptyRows === 'skip',
      "similarity 'dot'": options.similarity === 'dot',
    };
    refuse(
      excluded,
      (one) => `A mixture mixes one unit row for each class, so it cannot be combined with ${one}.`,
    );
  }
}
