import type { ResolvedBankOptions } from './bank-options.ts';
import { ConfigError } from './errors.ts';

/**
 * Refuses options that have no meaning together. docs/algebra.md has the table.
 * @throws ConfigError that names both
 */
export function checkCombination(options: ResolvedBankOptions): void {
  const { similarity, similarityMap, centers, emptyRows } = options;
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
}

/** Returns whether options change the similarities to other classes. */
export function changesNegatives({ similarityMap, negativeMargin }: ResolvedBankOptions): boolean {
  return similarityMap !== undefined || negativeMargin !== undefined;
}

/** @throws ConfigError with the message for the first of `excluded` that is used */
export function refuse(excluded: Readonly<Record<string, unknown>>, message: (one: string) => string): void {
  const used = Object.keys(excluded).find((one) => excluded[one]);
  if (used !== undefined) throw new ConfigError(message(used));
}
