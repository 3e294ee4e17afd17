import { maxAv1Parts, type PartBudget, readAv1Sizes, type Size } from './av1-size.ts';
import { type Box, findBox } from './heif-boxes.ts';
import { readItemData, readItemTypes, readReferences } from './heif-items.ts';

/** Images that are made of others in ways that we do not follow. */
const derivedTypes = ['iovl', 'iden', 'tmap'];
/** Largest number of pixels by which tiles may be wider, or higher, than the image that they cover. */
const maxPadding = 512;

/** A size that a part of the file claims, with the number of pixels by which it may exceed that of the image. */
export interface CodedSize extends Size {
  readonly padding: number;
}

/**
 * Returns the sizes of everything that a decoder decodes for an image: of the AV1 streams of the item, of its tiles and of its
 * transparency, and of a grid. Streams that cannot be read, of other codecs too, are skipped.
 *
 * @param meta boxes in the box `meta`
 * @param configurations returns the contents of the boxes `av1C` of an item
 * @throws RangeError if a box is damaged, and for images that are derived from others, except grids
 */
export function readCodedSizes(
  view: DataView,
  meta: readonly Box[],
  primary: number,
  configurations: (item: number) => readonly Uint8Array[],
): CodedSize[] {
  const [information, locations, links] = ['iinf', 'iloc', 'iref'].map((name) => findBox(meta, name));
  const types = information ? readItemTypes(view, information) : new Map<number, string>();
  const references = links ? readReferences(view, links) : [];
  const images = [
    primary,
    ...references.filter(({ name, to }) => name === 'auxl' && to.includes(primary)).map(({ from }) => from),
  ];
  const tilesOf = (item: number) => [
    ...new Set(
      references.filter(({ name, from }) => name === 'dimg' && from === item).flatMap(({ to }) => to),
    ),
  ];
  const tiles = new Map(images.map((item) => [item, types.get(item) === 'grid' ? tilesOf(item) : []]));
  const parts = [...tiles.values()].flat();
  const items = new Set([...images, ...parts]);
  if (parts.some((item) => types.get(item) === 'grid')) throw new RangeError('a grid of grids');
  const data = locations ? readItemData(view, locations, findBox(meta, 'idat'), items) : new Map();
  const budget: PartBudget = { left: maxAv1Parts };
  const sizes = new Map<number, Size[]>();
  for (const item of items) {
    const type = types.get(item) ?? '';
    if (derivedTypes.includes(type)) throw new RangeError(`an item ${type}`);
    const streams = type === 'av01' ? [...configurations(item), data.get(item) ?? new Uint8Array()] : [];
    sizes.set(
      item,
      streams.flatMap((stream) => readAv1Sizes(stream, budget)),
    );
  }
  return [...tiles].flatMap(([item, ownTiles]) => {
    if (types.get(item) !== 'grid') return sizes.get(item)!.map((size) => ({ ...size, padding: 0 }));
    return gridSizes(
      data.get(item) ?? new Uint8Array(),
      ownTiles.flatMap((tile) => sizes.get(tile)!),
    );
  });
}

/** Returns the size that a grid claims, and that of its tiles side by side. @throws RangeError if the grid ends early */
function gridSizes(grid: Uint8Array, tiles: readonly Size[]): CodedSize[] {
  const view = new DataView(grid.buffer, grid.byteOffset, grid.byteLength);
  const isLong = (view.getUint8(1) & 1) === 1;
  const [rows, columns] = [view.getUint8(2) + 1, view.getUint8(3) + 1];
  const width = isLong ? view.getUint32(4) : view.getUint16(4);
  const height = isLong ? view.getUint32(8) : view.getUint16(6);
  const tile = tiles.reduce(
    (largest, size) => ({
      width: Math.max(largest.width, size.width),
      height: Math.max(largest.height, size.height),
    }),
    { width: 0, height: 0 },
  );
  return [
    { width, height, padding: 0 },
    { width: tile.width * columns, height: tile.height * rows, padding: maxPadding },
  ];
}
