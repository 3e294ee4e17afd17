import type { LearnedThreshold, LossConfig, ThresholdQuestion } from '@openset/core';

/**
 * Returns a question in plain words, the same everywhere: `pairs of which half are the same person`, `one of 982 people`,
 * `at most 1 in 1,000 strangers accepted`, `one of 982 people, at most 1 in 100 strangers accepted`.
 */
export function describeQuestion(question: ThresholdQuestion): string {
  switch (question.kind) {
    case 'pair':
      return `pairs of which ${sameText(question.odds)} the same person`;
    case 'gallery':
      return galleryText(question.size) + (question.rate ? `, ${acceptedText(question.rate)}` : '');
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
  /** Target false accept rate of the calibration; null or missing if there was none. */
  readonly falseAcceptRate?: number | null;
  /** Threshold learned in training; null or missing if there is none. */
  readonly learnedThreshold?: LearnedThreshold | null;
  /** Configuration of the loss in training. */
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

/** Names the people of a search. */
function galleryText(size: number): string {
  return size === 1 ? 'one person, or not' : `one of ${size.toLocaleString('en-US')} people`;
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
