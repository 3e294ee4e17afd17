// The places of tiles. The first tiles along an axis are full. The others are short: they lack the last quarter of the results, and
// with it the need for the products of some planes. 7 results are 4 + 3, which takes 11 products along a line in place of 12.
//
// All tiles that need a plane are adjacent in the order of tiles: first those that are short in y alone, then the full ones, those
// that are short in x alone, and those that are short in both.
import { twoPixelScheme } from '../src/convolution-task-ids';
import { pointsOf } from './winograd-lines';
import { Winograd } from './winograd-parameters';

/** The image, row and column of a tile. */
@unmanaged
export class TilePlace {
  image: i32;
  row: i32;
  column: i32;
}

/** Finds the place of a tile. */
export function locateTile(c: Winograd, tile: i32, place: TilePlace): void {
  const firstFull = firstFullTile(c);
  const firstShortX = firstShortXTile(c);
  const firstShort = firstShortTile(c);
  const isShortY = tile < firstFull || tile >= firstShort;
  const isShortX = tile >= firstShortX;
  const row = isShortY ? c.fullTilesY : 0;
  const column = isShortX ? c.fullTilesX : 0;
  const rows = isShortY ? c.tilesY - c.fullTilesY : c.fullTilesY;
  const columns = isShortX ? c.tilesX - c.fullTilesX : c.fullTilesX;
  const before = isShortX ? (isShortY ? firstShort : firstShortX) : isShortY ? 0 : firstFull;
  const line = (tile - before) / columns;
  place.image = line / rows;
  place.row = row + line - place.image * rows;
  place.column = column + tile - before - line * columns;
}

// @inline
function firstFullTile(c: Winograd): i32 {
  return c.batch * (c.tilesY - c.fullTilesY) * c.fullTilesX;
}

// @inline
function firstShortXTile(c: Winograd): i32 {
  return c.batch * c.tilesY * c.fullTilesX;
}

// @inline
function firstShortTile(c: Winograd): i32 {
  return firstShortXTile(c) + c.batch * c.fullTilesY * (c.tilesX - c.fullTilesX);
}

/** Whether short tiles do not need the products at this point of a line. */
// @inline
export function isLastPoint(scheme: i32, point: i32): bool {
  if (scheme == twoPixelScheme) return false;
  return pointsOf(scheme) == 6 ? point == 5 : point == 4 || point == 8;
}

/** Returns the first tile that needs a plane. */
export function firstTileOf(c: Winograd, plane: i32): i32 {
  return isLastPoint(c.scheme, plane / pointsOf(c.scheme)) ? firstFullTile(c) : 0;
}

/** Returns the end of the tiles that need a plane. */
export function endTileOf(c: Winograd, plane: i32): i32 {
  const points = pointsOf(c.scheme);
  if (isLastPoint(c.scheme, plane % points)) return firstShortXTile(c);
  if (isLastPoint(c.scheme, plane / points)) return firstShortTile(c);
  return c.batch * c.tilesY * c.tilesX;
}

/** Returns the first pixel of the tile of an index, where full tiles are `step` pixels apart. */
// @inline
export function firstPixel(index: i32, full: i32, step: i32): i32 {
  return step * index - (step / 4) * max(index - full, 0);
}

/** Returns the pixels of a tile: those of a full one, less a quarter of `step` if the tile is short. */
// @inline
export function pixelsOf(index: i32, full: i32, pixels: i32, step: i32): i32 {
  return index < full ? pixels : pixels - step / 4;
}
