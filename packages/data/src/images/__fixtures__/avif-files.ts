import sharp, { type AvifOptions } from 'sharp';

/** Returns an AVIF file of one colour, as sharp writes it. */
export async function avifFile(
  width: number,
  height: number,
  { alpha, ...options }: AvifOptions & { readonly alpha?: number } = {},
): Promise<Uint8Array> {
  const colour = { r: 30, g: 60, b: 90, alpha: alpha ?? 1 };
  const image = sharp({
    create: { width, height, channels: alpha === undefined ? 3 : 4, background: colour },
  });
  return new Uint8Array(await image.avif({ effort: 0, ...options }).toBuffer());
}

/** Returns the offset after the name of a box. */
export function contentOf(file: Uint8Array, name: string): number {
  const at = Buffer.from(file).indexOf(name);
  if (at < 0) throw new Error(`no box ${name}`);
  return at + 4;
}

/** Returns the file with another size in its first box `ispe`. */
export function withClaimedSize(file: Uint8Array, width: number, height: number): Uint8Array {
  const claimed = file.slice();
  const view = new DataView(claimed.buffer);
  view.setUint32(contentOf(file, 'ispe') + 4, width);
  view.setUint32(contentOf(file, 'ispe') + 8, height);
  return claimed;
}

/** Returns the file with a quarter turn (`irot`) in the place of its box `pixi`. */
export function withQuarterTurn(file: Uint8Array): Uint8Array {
  const at = contentOf(file, 'pixi') - 8;
  // 17 bytes in the place of 16.
  const turn = [...box('irot', 1), ...box('free')];
  const turned = Buffer.concat([file.subarray(0, at), Buffer.from(turn), file.subarray(at + 16)]);
  for (const name of ['ipco', 'iprp', 'meta']) {
    const length = contentOf(turned, name) - 8;
    turned.writeUInt32BE(turned.readUInt32BE(length) + 1, length);
  }
  // The last fields of iloc are offset and length of the stream.
  const offset = endOf(turned, 'iloc') - 8;
  turned.writeUInt32BE(turned.readUInt32BE(offset) + 1, offset);
  return turned;
}

/** Returns the offset of the end of a box. */
export function endOf(file: Uint8Array, name: string): number {
  const start = contentOf(file, name) - 8;
  return start + new DataView(file.buffer, file.byteOffset).getUint32(start);
}

/** Returns the AV1 stream of a file without transparency. */
export function streamOf(file: Uint8Array): Uint8Array {
  return file.subarray(contentOf(file, 'mdat'));
}

/** AVIF file of 21 × 12 pixels with 10 bits for each channel, from avifenc 0.11.1 (`-d 10 -y 444 -s 9`). */
export const tenBitFile = new Uint8Array(
  Buffer.from(
    [
      'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAADybWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAA',
      'AGxpYmF2aWYAAAAADnBpdG0AAAAAAAEAAAAeaWxvYwAAAABEAAABAAEAAAABAAABGgAAABwAAAAoaWluZgAAAAAAAQAAABppbmZl',
      'AgAAAAABAABhdjAxQ29sb3IAAAAAamlwcnAAAABLaXBjbwAAABRpc3BlAAAAAAAAABUAAAAMAAAAEHBpeGkAAAAAAwoKCgAAAAxh',
      'djFDgSBAAAAAABNjb2xybmNseAABAA0ABoAAAAAXaXBtYQAAAAAAAAABAAEEAQKDBAAAACRtZGF0EgAKCDgQ6WxgIaDSMg4WQAkk',
      'kkQAtRt4LJb4Rg==',
    ].join(''),
    'base64',
  ),
);

/** What `gridFile` claims. */
export interface GridClaims {
  /** Width and height in the box `ispe`, and in the grid. */
  readonly box: readonly [number, number];
  readonly grid: readonly [number, number];
  /** Width and height of a tile in its box `ispe`. */
  readonly tile: readonly [number, number];
  readonly rows: number;
  readonly columns: number;
  /** Type of the item; default `grid`. */
  readonly type?: string;
}

/** Returns an AVIF file whose image, item 1, is a grid of equal tiles with the same bytes. */
export function gridFile(tile: Uint8Array, claims: GridClaims): Uint8Array {
  const { rows, columns, type = 'grid' } = claims;
  const stream = streamOf(tile);
  const configuration = tile.subarray(contentOf(tile, 'av1C'), contentOf(tile, 'av1C') + 4);
  const tiles = Array.from({ length: rows * columns }, (_, index) => index + 2);
  const items = short(tiles.length + 1);
  const size = ([width, height]: readonly [number, number]) =>
    box('ispe', 0, 0, 0, 0, ...long(width), ...long(height));
  const entry = (item: number, name: string) =>
    box('infe', 2, 0, 0, 0, ...short(item), 0, 0, ...Buffer.from(name), 0);
  const located = (item: number, method: number, offset: number, length: number) => [
    ...short(item),
    ...[0, method, 0, 0, 0, 1],
    ...long(offset),
    ...long(length),
  ];
  const [width, height] = claims.grid.map(short);
  const handler = Array.from({ length: 13 }, () => 0);
  const meta = (offset: number) => [
    ...box('hdlr', 0, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from('pict'), ...handler),
    ...box('pitm', 0, 0, 0, 0, 0, 1),
    ...box(
      ...(['iloc', 1, 0, 0, 0, 0x44, 0, ...items] as const),
      ...located(1, 1, 0, 8),
      ...tiles.flatMap((item) => located(item, 0, offset, stream.length)),
    ),
    ...box('iinf', 0, 0, 0, 0, ...items, ...entry(1, type), ...tiles.flatMap((item) => entry(item, 'av01'))),
    ...box('iref', 0, 0, 0, 0, ...box('dimg', 0, 1, ...short(tiles.length), ...tiles.flatMap(short))),
    ...box('idat', 0, 0, rows - 1, columns - 1, ...width!, ...height!),
    ...box(
      'iprp',
      ...box('ipco', ...size(claims.box), ...size(claims.tile), ...box('av1C', ...configuration)),
      ...box(
        ...(['ipma', 0, 0, 0, 0, 0, 0, ...items, 0, 1, 1, 0x81] as const),
        ...tiles.flatMap((item) => [...short(item), 2, 2, 0x83]),
      ),
    ),
  ];
  const brands = box('ftyp', ...Buffer.from('avif'), 0, 0, 0, 0, ...Buffer.from('mif1avif'));
  const whole = (offset: number) => box('meta', 0, 0, 0, 0, ...meta(offset));
  const offset = brands.length + whole(0).length + 8;
  return Uint8Array.from([...brands, ...whole(offset), ...box('mdat', ...stream)]);
}

function box(name: string, ...content: readonly number[]): number[] {
  return [...long(content.length + 8), ...Buffer.from(name), ...content];
}

function short(value: number): number[] {
  return [value >> 8, value & 255];
}

function long(value: number): number[] {
  return [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
}
