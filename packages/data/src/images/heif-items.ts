import { type Box, listBoxes, nameAt } from './heif-boxes.ts';

/** A reference from an item to others. */
export interface ItemReference {
  readonly name: string;
  readonly from: number;
  readonly to: readonly number[];
}

/** Largest number of items, of references between them and of parts of their data; an image has a few for each tile. */
const maxEntries = 65_536;

/**
 * Reads the boxes `ipma`.
 * @returns function that returns the numbers, from 1, of the properties of an item
 * @throws RangeError if a box is damaged or too long
 */
export function readAssociations(view: DataView, list: readonly Box[]): (item: number) => number[] {
  const places = new Map<number, { readonly at: number; readonly count: number; readonly size: number }[]>();
  for (const { start } of list) {
    const itemSize = view.getUint8(start) > 0 ? 4 : 2;
    const size = (view.getUint8(start + 3) & 1) === 1 ? 2 : 1;
    const entries = checkCount(view.getUint32(start + 4));
    let at = start + 8;
    for (let entry = 0; entry < entries; entry++) {
      const item = readNumber(view, at, itemSize);
      const count = view.getUint8(at + itemSize);
      at += itemSize + 1;
      const known = places.get(item) ?? [];
      if (known.length === list.length) throw new RangeError(`properties of item ${item} again`);
      places.set(item, [...known, { at, count, size }]);
      at += count * size;
    }
  }
  // The highest bit tells whether a decoder must know the property.
  return (item) =>
    (places.get(item) ?? []).flatMap(({ at, count, size }) =>
      Array.from(
        { length: count },
        (_, index) => readNumber(view, at + index * size, size) & (size === 2 ? 0x7fff : 0x7f),
      ),
    );
}

/** Reads the types of the items of a file from its box `iinf`, by their numbers. @throws RangeError as for `readAssociations` */
export function readItemTypes(view: DataView, { start, end }: Box): Map<number, string> {
  const types = new Map<number, string>();
  for (const box of listBoxes(view, start + (view.getUint8(start) === 0 ? 6 : 8), end)) {
    const version = view.getUint8(box.start);
    if (box.name !== 'infe' || version < 2) continue;
    const isLong = version > 2;
    const item = isLong ? view.getUint32(box.start + 4) : view.getUint16(box.start + 4);
    if (types.has(item)) throw new RangeError(`two items ${item}`);
    types.set(item, nameAt(view, box.start + (isLong ? 10 : 8)));
  }
  return types;
}

/** Reads the references between items from the box `iref`. @throws RangeError as for `readAssociations` */
export function readReferences(view: DataView, { start, end }: Box): ItemReference[] {
  const size = view.getUint8(start) === 0 ? 2 : 4;
  let total = 0;
  return listBoxes(view, start + 4, end).map((box) => {
    const to: number[] = [];
    const count = view.getUint16(box.start + size);
    total = checkCount(total + count);
    for (let index = 0; index < count; index++) {
      to.push(readNumber(view, box.start + size + 2 + index * size, size));
    }
    return { name: box.name, from: readNumber(view, box.start, size), to };
  });
}

/**
 * Finds the bytes of items by the box `iloc`; bytes beyond the end of the file are missing.
 * @param idat box that holds the bytes of small items
 * @throws RangeError if the box is damaged, or the parts of items overlap so that they are longer than the file
 */
export function readItemData(
  view: DataView,
  iloc: Box,
  idat: Box | undefined,
  items: ReadonlySet<number>,
): Map<number, Uint8Array> {
  const version = view.getUint8(iloc.start);
  let at = iloc.start + 4;
  const next = (size: number) => {
    at += size;
    return readNumber(view, at - size, size);
  };
  const [sizes, moreSizes] = [next(1), next(1)];
  const [offsetSize, lengthSize, baseSize] = [sizes >> 4, sizes & 15, moreSizes >> 4];
  const indexSize = version === 0 ? 0 : moreSizes & 15;
  const count = checkCount(next(version < 2 ? 2 : 4));
  let total = 0;
  const found = new Map<number, Uint8Array>();
  let bytesLeft = view.byteLength;
  for (let entry = 0; entry < count; entry++) {
    const item = next(version < 2 ? 2 : 4);
    // How the bytes are found: 0 in the file, 1 in idat.
    const method = version === 0 ? 0 : next(2) & 15;
    next(2);
    const base = next(baseSize);
    const extents = next(2);
    if (extents > 1 && offsetSize + lengthSize + indexSize === 0)
      throw new RangeError('parts without a place');
    const place = method === 0 ? { start: 0, end: view.byteLength } : method === 1 ? idat : undefined;
    if (items.has(item)) total = checkCount(total + extents);
    if (found.has(item)) throw new RangeError(`two places of item ${item}`);
    const parts: Uint8Array[] = [];
    for (let extent = 0; extent < extents; extent++) {
      next(indexSize);
      const offset = base + next(offsetSize);
      const length = next(lengthSize) || Number.POSITIVE_INFINITY;
      if (!items.has(item) || !place) continue;
      const start = Math.min(place.start + offset, place.end);
      const end = Math.min(start + length, place.end);
      parts.push(new Uint8Array(view.buffer, view.byteOffset + start, end - start));
    }
    if (!items.has(item)) continue;
    if (parts.length > 1) {
      bytesLeft -= parts.reduce((sum, part) => sum + part.length, 0);
      if (bytesLeft < 0) throw new RangeError('parts that overlap');
    }
    found.set(item, parts.length === 1 ? parts[0]! : joinBytes(parts));
  }
  return found;
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** @throws RangeError for too many entries */
function checkCount(count: number): number {
  if (count > maxEntries) throw new RangeError(`${count} entries`);
  return count;
}

/** Reads a number of 0, 1, 2, 4 or 8 bytes. @throws RangeError for other sizes */
function readNumber(view: DataView, at: number, size: number): number {
  if (size === 0) return 0;
  if (size === 1) return view.getUint8(at);
  if (size === 2) return view.getUint16(at);
  if (size === 4) return view.getUint32(at);
  if (size === 8) return Number(view.getBigUint64(at));
  throw new RangeError(`a number of ${size} bytes`);
}
