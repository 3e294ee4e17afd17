/** Minimum multiplications for another thread, about 50 µs. */
const minWork = 2 ** 21;

/**
 * Returns rows and columns of the tiles of a matrix product that threads claim. A tile is the whole product for one
 * thread, for small products, and for large batches. Two tiles for each thread balance their speeds; more would pack
 * the operands too often. Results do not depend on the tiles.
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
  const count = Math.min(most, Math.floor((rows * columns * inner) / minWork));
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

/** Returns the size of one of `parts` parts, rounded up to a multiple. */
function share(length: number, parts: number, multiple: number): number {
  return Math.max(multiple, Math.ceil(length / parts / multiple) * multiple);
}
