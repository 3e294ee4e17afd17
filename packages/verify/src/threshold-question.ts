import { ConfigError, type LearnedThreshold, type LossConfig } from '@openset/core';

/**
 * The question that a threshold answers. A threshold is right for one prior or one promise, and wrong for others:
 *
 * - `pair`: two images show the same identity, yes or no, with as few errors as possible. `odds` is
 *   `P(same) : P(different)` among the pairs, finite and above 0; 1 for as many pairs of each kind.
 * - `gallery`: which of `size` people, or nobody, with as few errors as possible. `size` is a whole number of at least 1.
 * - `far`: same or not, so that at most the share `rate` of pairs of different identities is accepted; `rate` in [0, 1].
 */
export type ThresholdQuestion =
  | { readonly kind: 'pair'; readonly odds: number }
  | { readonly kind: 'gallery'; readonly size: number }
  | { readonly kind: 'far'; readonly rate: number };

/**
 * Returns a question in plain words, the same everywhere: `pairs of which half are the same person`, `one of 982 people`,
 * `at most 1 in 1,000 strangers accepted`.
 */
export function describeQuestion(question: ThresholdQuestion): string {
  switch (question.kind) {
    case 'pair':
      return `pairs of which ${sameText(question.odds)} the same person`;
    case 'gallery':
      return question.size === 1
        ? 'one person, or not'
        : `one of ${question.size.toLocaleString('en-US')} people`;
    case 'far':
      return acceptedText(question.rate);
  }
}

/**
 * Returns the question of a threshold learned in training, from the comparisons that it was learned from: with N people, pairs
 * of which one in N shows the same person. Null if the threshold does not tell them.
 */
export function learnedQuestion(learned: LearnedThreshold | null | undefined): ThresholdQuestion | null {
  const { comparisons = 0 } = learned ?? {};
  return comparisons > 0 && Number.isFinite(comparisons) ? { kind: 'pair', odds: 1 / comparisons } : null;
}

/** What a model's description says about the origin of its threshold. */
export interface ThresholdOrigin {
  /** `ModelDescription.thresholdSource`. */
  readonly thresholdSource: string;
  readonly falseAcceptRate?: number | null;
  readonly learnedThreshold?: LearnedThreshold | null;
  readonly loss?: LossConfig;
}

/**
 * Returns the question of a model whose file does not state it, because an older version wrote it: that of its false accept
 * rate, of the people that it was trained on if the threshold was learned, else pairs of which half are the same person. Null
 * if the number of people is unknown.
 */
export function impliedQuestion({
  thresholdSource,
  falseAcceptRate = null,
  learnedThreshold,
  loss,
}: ThresholdOrigin): ThresholdQuestion | null {
  if (falseAcceptRate !== null) return { kind: 'far', rate: falseAcceptRate };
  if (thresholdSource !== 'learned') return { kind: 'pair', odds: 1 };
  const numClasses = loss?.numClasses;
  if (typeof numClasses !== 'number' || numClasses < 2) return learnedQuestion(learnedThreshold);
  return learnedQuestion(learnedThreshold) ?? { kind: 'pair', odds: 1 / (numClasses - 1) };
}

/**
 * Checks a question.
 * @throws ConfigError if its kind is unknown or its number is out of range
 */
export function checkQuestion(question: ThresholdQuestion): void {
  const problem = questionProblem(question);
  if (problem !== null) throw new ConfigError(problem);
}

/** Returns what is wrong with a value that should be a question; null if nothing is. */
export function questionProblem(value: unknown): string | null {
  const { kind, odds, size, rate } = (value ?? {}) as Readonly<Record<string, unknown>>;
  switch (kind) {
    case 'pair':
      return isNumber(odds) && odds > 0
        ? null
        : `The odds of a threshold's question must be a finite number above 0, but are ${String(odds)}.`;
    case 'gallery':
      return Number.isInteger(size) && (size as number) >= 1
        ? null
        : `The gallery of a threshold's question must have a whole number of people, at least 1, but has ${String(size)}.`;
    case 'far':
      return isNumber(rate) && rate >= 0 && rate <= 1
        ? null
        : `The rate of a threshold's question must be a number from 0 to 1, but is ${String(rate)}.`;
    default:
      return `A threshold's question must be of the kind 'pair', 'gallery' or 'far', but is of the kind '${String(kind)}'.`;
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** Describes how many pairs are the same person, with a verb: `half are`, `1 in 982 is`, `3 in 4 are`. */
function sameText(odds: number): string {
  if (odds === 1) return 'half are';
  const one = wholeNumber(1 + 1 / odds);
  if (one !== null) return `1 in ${one.toLocaleString('en-US')} is`;
  const others = wholeNumber(1 + odds);
  if (others !== null)
    return `${(others - 1).toLocaleString('en-US')} in ${others.toLocaleString('en-US')} are`;
  return `${percentText(odds / (1 + odds))} are`;
}

function acceptedText(rate: number): string {
  if (rate === 0) return 'no stranger accepted';
  if (rate === 1) return 'everybody accepted';
  const one = wholeNumber(1 / rate);
  return one === null
    ? `at most ${percentText(rate)} of strangers accepted`
    : `at most 1 in ${one.toLocaleString('en-US')} strangers accepted`;
}

/** Returns the whole number that a quotient is, up to rounding errors; null if it is none. */
function wholeNumber(value: number): number | null {
  const whole = Math.round(value);
  return Math.abs(value - whole) <= 1e-9 * value ? whole : null;
}

/** Returns a share with three digits, and without the rounding of 99.96 % to 100 %. */
function percentText(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
