import type { BankInputs, BankOptions, ResolvedBankOptions } from './bank-options.ts';
import { ConfigError, checkNumber } from './errors.ts';

/**
 * Refuses options that have no meaning together. docs/algebra.md has the table.
 * @throws ConfigError that names both
 */
export function checkCombination(options: ResolvedBankOptions): void {
  const { criterion, similarity, similarityMap, margins, centers, emptyRows } = options;
  if (criterion === 'softmax') {
    const bceOnly = {
      negativeWeight: options.negativeWeight !== 1,
      pairSampling: options.pairSampling,
      logitClip: options.logitClip !== undefined,
    };
    refuse(bceOnly, (one) => `${one} is an option of the criterion 'bce', but the criterion is 'softmax'.`);
  }
  if (similarity === 'dot') {
    const cosineOnly = {
      cosineLimit: options.cosineLimit !== undefined,
      similarityMap,
      negativeMargin: options.negativeMargin,
    };
    refuse(cosineOnly, (one) => `${one} needs similarity 'cosine', but the similarity is 'dot'.`);
  }
  if (emptyRows === 'skip' && options.labelSmoothing > 0) {
    throw new ConfigError(
      "labelSmoothing gives every class a share, so it cannot be combined with emptyRows 'skip'.",
    );
  }
  if (emptyRows === 'skip' && centers > 1) {
    throw new ConfigError(
      "emptyRows 'skip' has no meaning for a class of several centers, some of which may be zero.",
    );
  }
  if (options.labelSmoothing > 0 && changesNegatives(options)) {
    throw new ConfigError(
      'labelSmoothing makes every class partly positive, so similarityMap and negativeMargin, which treat positives and ' +
        'negatives differently, cannot be combined with it.',
    );
  }
  if (similarityMap?.kind !== 'power') return;
  const angular = margins.findLastIndex(({ kind }) => kind === 'angular');
  const cosine = margins.findIndex(({ kind }) => kind === 'cosine');
  if (margins.some(({ kind }) => kind === 'adaptive') || (cosine >= 0 && angular > cosine)) {
    throw new ConfigError(
      "The map 'power' comes between angular and cosine margins: list angular margins first, and no adaptive one.",
    );
  }
}

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
    if (rowMargins[key] && !options.margins.some((margin) => margin.kind === kind)) {
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

/**
 * Returns the options with Partial FC's filter of negatives: the map `negativeLimit`.
 * @param threshold cosine in `[0, 1]`; 0: no filter
 * @throws ConfigError for a threshold out of range, or options that exclude the filter
 */
export function filterNegatives(options: BankOptions, threshold = 0): BankOptions {
  checkNumber('interclassFilteringThreshold', threshold, { minimum: 0, maximum: 1 });
  if (threshold === 0) return options;
  const { similarityMap: map, similarity, labelSmoothing = 0 } = options;
  const excluded = {
    [`the map '${map?.kind}' of this loss`]: map !== undefined,
    "raw products (similarity 'dot')": similarity === 'dot',
    labelSmoothing: labelSmoothing > 0,
  };
  refuse(
    excluded,
    (one) =>
      `interclassFilteringThreshold maps cosines of other classes, so it cannot be combined with ${one}: leave it out.`,
  );
  return { ...options, similarityMap: { kind: 'negativeLimit', limit: threshold } };
}

function changesNegatives({ similarityMap, negativeMargin }: ResolvedBankOptions): boolean {
  return similarityMap !== undefined || negativeMargin !== undefined;
}

/** @throws ConfigError with the message for the first of `excluded` that is used */
function refuse(excluded: Readonly<Record<string, unknown>>, message: (one: string) => string): void {
  const used = Object.keys(excluded).find((one) => excluded[one]);
  if (used !== undefined) throw new ConfigError(message(used));
}
