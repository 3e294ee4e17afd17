/**
 * Receives consecutive scores of one pass, `scores[start]` … `scores[end - 1]`. The i-th of them, counted from 0, is of
 * the same identity iff `identities[firstIdentity + i] === identity`.
 */
export type VisitLabelledScores = (
  scores: Float32Array,
  start: number,
  end: number,
  identities: Int32Array,
  firstIdentity: number,
  identity: number,
) => void;

/** The scores of all pairs, which a caller can scan once or twice. */
export interface ScoreStream {
  /** Name of the public function, for error messages. */
  readonly caller: string;
  /** Number of pairs of the same identity. */
  readonly positives: number;
  /** Number of pairs of different identities. */
  readonly negatives: number;
  /** Visits the scores of all pairs, in any order. */
  readonly scan: (visit: VisitLabelledScores) => void;
}

/** A stream of scores with the number of false accepts that each operating point allows. */
export interface OperatingPointSearch extends ScoreStream {
  /** `[points]`: whole numbers in `[0, negatives]`. */
  readonly allowed: readonly number[];
}
