/** A box of the container, with its content at `[start, end)`. */
export interface Box {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Largest number of boxes side by side; images have a few for each tile. */
const maxBoxes = 65_536;

/**
 * Lists the boxes in `[from, to)`, up to the first that does not fit.
 * @throws RangeError if there are too many
 */
export function listBoxes(view: DataView, from: number, to: number): Box[] {
  const found: Box[] = [];
  for (const box of walkBoxes(view, from, to)) {
    if (found.length === maxBoxes) throw new RangeError('too many boxes');
    found.push(box);
  }
  return found;
}

/** Returns the first box of a file; undefined if it does not fit. */
export function firstBox(view: DataView): Box | undefined {
  return walkBoxes(view, 0, view.byteLength).next().value ?? undefined;
}

function* walkBoxes(view: DataView, from: number, to: number): Generator<Box, void> {
  for (let at = from; at + 8 <= to; ) {
    let length = view.getUint32(at);
    let start = at + 8;
    if (length === 1 && start + 8 <= to) {
      length = Number(view.getBigUint64(start));
      start += 8;
    }
    // 0: up to the end.
    const end = length === 0 ? to : at + length;
    if (end < start || end > to) break;
    yield { name: nameAt(view, at + 4), start, end };
    at = end;
  }
}

/**
 * Returns the box with a name; undefined if there is none.
 * @throws RangeError if there are two: a decoder could take the other one
 */
export function findBox(list: readonly Box[], name: string): Box | undefined {
  const [found, second] = list.filter((box) => box.name === name);
  if (second) throw new RangeError(`two boxes ${name}`);
  return found;
}

/** Returns the four letters at an offset. */
export function nameAt(view: DataView, offset: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(offset + index)));
}
