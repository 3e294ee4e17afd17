import type { Size } from './av1-size.ts';
import { type Box, findBox, firstBox, listBoxes, nameAt } from './heif-boxes.ts';
import { type CodedSize, readCodedSizes } from './heif-coded-sizes.ts';
import { readAssociations } from './heif-items.ts';

/** Brands of images that are encoded with AV1, and with HEVC. */
const avifBrands = ['avif', 'avis'];
const heicBrands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'];

/**
 * Reads the header of an AVIF or HEIC file: the brands tell the format, the properties of the primary image its size.
 * Decoders apply the turns that the container stores (`irot`), so the size is the one after them.
 *
 * @returns null for other brands and for files without the size
 * @throws RangeError if a box is damaged or contradicts another
 */
export function readHeifHeader(view: DataView) {
  const top = listBoxes(view, 0, view.byteLength);
  const format = formatOf(view, top[0]);
  const size = format && primarySize(view, top);
  return (
    size && {
      format,
      ...size,
      orientation: 1,
      // The header does not show transparency, which is an image of its own.
      isOpaque8Bit: false,
      isCmyk: false,
    }
  );
}

/** Whether a file is HEIC by its brands, even if it has no sound header. */
export function isHeic(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return formatOf(view, firstBox(view)) === 'heic';
}

/** Returns the format that the brands in the first box tell. */
function formatOf(view: DataView, type: Box | undefined): 'avif' | 'heic' | null {
  if (type?.name !== 'ftyp' || type.end - type.start < 4) return null;
  const brands = [nameAt(view, type.start)];
  for (let at = type.start + 8; at + 4 <= type.end; at += 4) brands.push(nameAt(view, at));
  if (brands.some((brand) => avifBrands.includes(brand))) return 'avif';
  return brands.some((brand) => heicBrands.includes(brand)) ? 'heic' : null;
}

/**
 * Returns the size of the primary image, turned by its `irot`: that of its `ispe`, or what its streams claim if that is larger. Decoders
 * allocate memory for the streams before they compare both.
 */
function primarySize(view: DataView, top: readonly Box[]): Size | null {
  const meta = findBox(top, 'meta');
  if (!meta) return null;
  const inner = listBoxes(view, meta.start + 4, meta.end);
  const primary = findBox(inner, 'pitm');
  const properties = findBox(inner, 'iprp');
  if (!primary || !properties) return null;
  const item =
    view.getUint8(primary.start) === 0
      ? view.getUint16(primary.start + 4)
      : view.getUint32(primary.start + 4);
  const parts = listBoxes(view, properties.start, properties.end);
  const container = findBox(parts, 'ipco');
  if (!container) return null;
  const all = listBoxes(view, container.start, container.end);
  const numbersOf = readAssociations(
    view,
    parts.filter(({ name }) => name === 'ipma'),
  );
  const propertiesNamed = (name: string, ofItem: number) =>
    numbersOf(ofItem)
      .map((index) => all[index - 1])
      .filter((box) => box?.name === name) as Box[];
  const extents = propertiesNamed('ispe', item).at(-1);
  if (!extents) return null;
  const stored = { width: view.getUint32(extents.start + 4), height: view.getUint32(extents.start + 8) };
  // The streams of a configuration follow 4 bytes.
  const configurations = (ofItem: number) =>
    propertiesNamed('av1C', ofItem).map(
      ({ start, end }) =>
        new Uint8Array(view.buffer, view.byteOffset + Math.min(start + 4, end), Math.max(0, end - start - 4)),
    );
  const { height, width } = readCodedSizes(view, inner, item, configurations).reduce(largerSize, stored);
  const turns = propertiesNamed('irot', item).filter(({ start }) => view.getUint8(start) % 2 === 1);
  return turns.length % 2 === 1 ? { height: width, width: height } : { height, width };
}

/** Returns the coded size if it has more pixels than the image, beyond the padding of its sides; otherwise the size of the image. */
function largerSize(image: Size, { height, width, padding }: CodedSize): Size {
  const isLarger = height * width > image.height * image.width;
  const exceeds = height > image.height + padding || width > image.width + padding;
  return isLarger && exceeds ? { height, width } : image;
}
