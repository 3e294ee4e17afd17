/** Multiplications that are worth a thread's while: some 50 µs. */
const worthwhile = 2 ** 21;

/**
 * Rows and columns of the tiles that threads take of a matrix product: the whole product for one thread, or where it is
 * small or there are matrices enough. Two tiles for each thread even out their speeds; more would copy the operands into
 * panels too often. Results do not depend on the tiles.
 */
export function gemmTile(product: {
  rows: number;
  columns: number;
  inner: number;
  batch: number;
  threads: number;
}): { rows: number; columns: number } {
  const { rows, columns, inner, batch, threads } = product;
  const most = threads === 1 ? 1 : Math.ceil((2 * threads) / batch);
  const count = Math.min(most, Math.floor((rows * columns * inner) / worthwhile));
  let best = { rows, columns };
  let leastCopied = Number.POSITIVE_INFINITY;
  for (let down = 1; down <= count; down++) {
    const across = Math.ceil(count / down);
    const copied = across * rows + down * columns;
    if (copied >= leastCopied) continue;
    leastCopied = copied;
    best = { rows: share(rows, down, 4), columns: share(columns, across, 8) };
  }
  return best;
}

/** A part of so many, in whole micro-tiles. */
function share(length: number, parts: number, multiple: number): number {
  return Math.max(multiple, Math.ceil(length / parts / multiple) * multiple);
}
