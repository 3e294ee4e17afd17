/** Brands of images that are encoded with AV1, and with HEVC. */
const avifBrands = ['avif', 'avis'];
const heicBrands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'];

/** A box of the container, with its content at `[start, end)`. */
interface Box {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the header of an AVIF or HEIC file: the brands tell the format, the properties of the primary image its size.
 * Decoders apply the turns that the container stores (`irot`), so the size is the one after them.
 *
 * @returns null for other brands and for files without the size
 */
export function readHeifHeader(view: DataView) {
  const top = boxes(view, 0, view.byteLength);
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
  return formatOf(view, boxes(view, 0, view.byteLength)[0]) === 'heic';
}

/** Returns the format that the brands in the first box tell. */
function formatOf(view: DataView, type: Box | undefined): 'avif' | 'heic' | null {
  if (type?.name !== 'ftyp' || type.end - type.start < 4) return null;
  const brands = [nameAt(view, type.start)];
  for (let at = type.start + 8; at + 4 <= type.end; at += 4) brands.push(nameAt(view, at));
  if (brands.some((brand) => avifBrands.includes(brand))) return 'avif';
  return brands.some((brand) => heicBrands.includes(brand)) ? 'heic' : null;
}

/** Returns the size of the primary image: the last `ispe` among its properties, turned by its `irot`. */
function primarySize(view: DataView, top: readonly Box[]): { height: number; width: number } | null {
  const meta = top.find(({ name }) => name === 'meta');
  if (!meta) return null;
  const inner = boxes(view, meta.start + 4, meta.end);
  const find = (list: readonly Box[], name: string) => list.find((box) => box.name === name);
  const primary = find(inner, 'pitm');
  const properties = find(inner, 'iprp');
  if (!primary || !properties) return null;
  const item =
    view.getUint8(primary.start) === 0
      ? view.getUint16(primary.start + 4)
      : view.getUint32(primary.start + 4);
  const parts = boxes(view, properties.start, properties.end);
  const container = find(parts, 'ipco');
  const associations = find(parts, 'ipma');
  if (!container || !associations) return null;
  const all = boxes(view, container.start, container.end);
  let size: { height: number; width: number } | null = null;
  for (const index of propertiesOf(view, associations.start, item)) {
    const box = all[index - 1];
    if (box?.name === 'ispe') {
      size = { width: view.getUint32(box.start + 4), height: view.getUint32(box.start + 8) };
    } else if (box?.name === 'irot' && size && view.getUint8(box.start) % 2 === 1) {
      size = { width: size.height, height: size.width };
    }
  }
  return size;
}

/** Returns the numbers, from 1, of the properties that the box `ipma` associates with an item. */
function propertiesOf(view: DataView, start: number, item: number): number[] {
  const hasLongItems = view.getUint8(start) > 0;
  const hasLongIndices = (view.getUint8(start + 3) & 1) === 1;
  const entries = view.getUint32(start + 4);
  let at = start + 8;
  for (let entry = 0; entry < entries; entry++) {
    const id = hasLongItems ? view.getUint32(at) : view.getUint16(at);
    at += hasLongItems ? 4 : 2;
    const count = view.getUint8(at++);
    const found: number[] = [];
    for (let index = 0; index < count; index++) {
      // The highest bit tells whether a decoder must know the property.
      found.push(hasLongIndices ? view.getUint16(at) & 0x7fff : view.getUint8(at) & 0x7f);
      at += hasLongIndices ? 2 : 1;
    }
    if (id === item) return found;
  }
  return [];
}

/** Lists the boxes in `[from, to)`, up to the first that does not fit. */
function boxes(view: DataView, from: number, to: number): Box[] {
  const found: Box[] = [];
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
    found.push({ name: nameAt(view, at + 4), start, end });
    at = end;
  }
  return found;
}

function nameAt(view: DataView, offset: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(offset + index)));
}
