import { InvalidArgumentError } from 'commander';

/** Range of a numeric option. */
export interface NumberRange {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly isWhole?: boolean;
  /** Whether the minimum itself is excluded. */
  readonly excludesMinimum?: boolean;
}

/** Returns a parser for a number in a range. */
export function numberParser(range: NumberRange): (text: string) => number {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = range;
  const { isWhole = false, excludesMinimum = false } = range;
  return (text) => {
    const value = Number(text);
    const isAboveMinimum = excludesMinimum ? value > minimum : value >= minimum;
    const isValid =
      text.trim() !== '' && isAboveMinimum && value <= maximum && (!isWhole || Number.isInteger(value));
    if (isValid && Number.isFinite(value)) return value;
    const kind = isWhole ? 'a whole number' : 'a number';
    const from = Number.isFinite(minimum) ? ` ${excludesMinimum ? 'above' : 'from'} ${minimum}` : '';
    const to = Number.isFinite(maximum) ? ` up to ${maximum}` : '';
    throw new InvalidArgumentError(`It must be ${kind}${from}${to}.`);
  };
}

/** Parser for counts: whole numbers from 1. */
export const countParser = numberParser({ minimum: 1, isWhole: true });

const zeroToOne = numberParser({ minimum: 0, maximum: 1 });

/** Parser for shares: from 0 to 1, or from 0% to 100%. */
export function shareParser(text: string): number {
  const [, percent] = /^(.*\S)\s*%$/.exec(text.trim()) ?? [];
  return percent === undefined ? zeroToOne(text) : numberParser({ minimum: 0, maximum: 100 })(percent) / 100;
}

/** Parser for thresholds: cosines from −1 to 1. */
export const cosineParser = numberParser({ minimum: -1, maximum: 1 });

/** Parser for the frozen part of a network: `backbone`, or a number of stages. */
export function freezeParser(text: string): 'backbone' | number {
  if (text === 'backbone') return text;
  if (/^\d+$/.test(text.trim())) return Number(text);
  throw new InvalidArgumentError("It must be 'backbone' or a whole number from 0.");
}

/** Parser for the values of black and white: `0,255`. */
export function rangeParser(text: string): [black: number, white: number] {
  const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [black, white] = values;
  if (values.length === 2 && values.every(Number.isFinite) && black !== white) return [black!, white!];
  throw new InvalidArgumentError('It must be two numbers that differ, such as 0,255.');
}

/** Parser for `--held-out`: a share from 0 to 0.9, or a number of people from 2. */
export function heldOutParser(text: string): number {
  const value = Number(text);
  const isValid =
    text.trim() !== '' && ((value >= 0 && value <= 0.9) || (Number.isInteger(value) && value >= 2));
  if (isValid) return value;
  throw new InvalidArgumentError('It must be a share from 0 up to 0.9, or a number of people from 2.');
}

/** Parser for `--odds`: `P(same) : P(different)`, as a number above 0 or as `1:100`. */
export function oddsParser(text: string): number {
  const parts = text.split(':').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [same = Number.NaN, different = 1] = parts;
  const odds = same / different;
  if (parts.length <= 2 && same > 0 && different > 0 && Number.isFinite(odds) && odds > 0) return odds;
  throw new InvalidArgumentError("It must be a number above 0, or two of them, such as '1:100'.");
}
