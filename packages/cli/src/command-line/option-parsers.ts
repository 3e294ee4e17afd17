import { InvalidArgumentError } from 'commander';

/** What numbers an option takes. */
export interface NumberRange {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly isWhole?: boolean;
  /** The minimum itself is too small. */
  readonly isAbove?: boolean;
}

/** A parser for an option that is a number. */
export function numberParser(range: NumberRange): (text: string) => number {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = range;
  const { isWhole = false, isAbove = false } = range;
  return (text) => {
    const value = Number(text);
    const isEnough = isAbove ? value > minimum : value >= minimum;
    const isRight =
      text.trim() !== '' && isEnough && value <= maximum && (!isWhole || Number.isInteger(value));
    if (isRight && Number.isFinite(value)) return value;
    const kind = isWhole ? 'a whole number' : 'a number';
    const from = Number.isFinite(minimum) ? ` ${isAbove ? 'above' : 'from'} ${minimum}` : '';
    const to = Number.isFinite(maximum) ? ` up to ${maximum}` : '';
    throw new InvalidArgumentError(`It must be ${kind}${from}${to}.`);
  };
}

/** A parser for counts: whole numbers from 1. */
export const countParser = numberParser({ minimum: 1, isWhole: true });

/** A parser for thresholds. */
export const cosineParser = numberParser({ minimum: -1, maximum: 1 });
