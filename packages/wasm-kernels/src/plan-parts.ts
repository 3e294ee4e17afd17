import { evenPart } from './native-winograd.ts';

/** Rows and columns of a product, or of a part of it. */
export interface WorkPart {
  readonly rows: number;
  readonly columns: number;
}

/** Share of a part that a thread waits for the others, on average. */
const wait = 0.15;
/** Fewest rows and columns of a part, unless there are no others. */
const minRows = 12;
const minColumns = 32;
/** Parts for each thread beyond which no more are made. */
const maxPartsPerThread = 8;

/**
 * Returns the size of parts for which the threads finish first.
 *
 * @param limits maximum size
 * @param timeOf the time of a part, in any unit
 */
export function chooseParts(
  whole: WorkPart,
  limits: WorkPart,
  threads: number,
  timeOf: (part: WorkPart) => number,
): WorkPart {
  const minRowParts = Math.ceil(whole.rows / limits.rows);
  const minColumnParts = Math.ceil(whole.columns / limits.columns);
  let best: WorkPart = whole;
  let shortest = Infinity;
  for (let across = minColumnParts; ; across *= 2) {
    const columns = evenPart(whole.columns, Math.ceil(whole.columns / across));
    if (across > minColumnParts && columns < minColumns) break;
    for (let down = minRowParts; ; down *= 2) {
      // Products of an odd number of rows have tiles that are not full.
      const rows = Math.min(whole.rows, 2 * Math.ceil(whole.rows / down / 2));
      if (down > minRowParts && rows < minRows) break;
      const parts = Math.ceil(whole.rows / rows) * Math.ceil(whole.columns / columns);
      if (shortest < Infinity && parts > maxPartsPerThread * threads) break;
      const rounds = threads === 1 ? parts : Math.ceil(parts / threads) + wait;
      const time = rounds * timeOf({ rows, columns });
      if (time < shortest) {
        shortest = time;
        best = { rows, columns };
      }
    }
  }
  return best;
}
