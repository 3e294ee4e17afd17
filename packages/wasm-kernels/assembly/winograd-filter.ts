// The transform of a filter of 3 × 3 taps into planes, 6 × 6 or 3 × 3.
import { loadIntoCache } from './cache';
import { at } from './lanes';
import { pack } from './pack';
import { tileColumns } from './tile';
import { filterLine, filterPointsOf } from './winograd-lines';
import { Winograd } from './winograd-parameters';

/** Channels that are transformed at a time. */
const passChannels: i32 = 16;

/**
 * Transforms the filter of some columns and channels into planes of panels `[columns / 8, channels, 8]`, `planeBytes` apart.
 * Columns that c does not have are zeros.
 *
 * @param spare `[27, 16, 8]` elements
 */
export function transformFilter(
  c: Winograd,
  firstColumn: i32,
  columns: i32,
  firstChannel: i32,
  channels: i32,
  to: usize,
  planeBytes: usize,
  spare: usize,
): void {
  const points = <usize>filterPointsOf(c.scheme);
  const endColumn = min(firstColumn + columns, c.columns);
  const endChannel = firstChannel + channels;
  loadFilter(c, firstColumn, endColumn, firstChannel, endChannel, spare);
  for (let column = firstColumn; column < endColumn; column += tileColumns) {
    const present = min(tileColumns, endColumn - column);
    for (let channel = firstChannel; channel < endChannel; channel += passChannels) {
      const depth = min(passChannels, endChannel - channel);
      const bytes = at(tileColumns * depth);
      const transformed = spare + 9 * bytes;
      for (let tap = 0; tap < 9; tap++) {
        const offset = (tap / 3) * c.filterTapY + (tap % 3) * c.filterTapX;
        const source = c.filter + at(offset + channel * c.filterChannel + column * c.filterColumn);
        const taps = spare + <usize>tap * bytes;
        pack(tileColumns, source, c.filterColumn, c.filterChannel, present, depth, taps, 0);
      }
      for (let row: usize = 0; row < 3; row++) {
        filterLine(
          c.scheme,
          spare + 3 * row * bytes,
          bytes,
          bytes,
          transformed + points * row * bytes,
          bytes,
        );
      }
      let target = to;
      for (let i: usize = 0; i < points; i++) {
        filterLine(c.scheme, transformed + i * bytes, points * bytes, bytes, target, points * planeBytes);
        target += planeBytes;
      }
      to += bytes;
    }
  }
}

/** Moves a part of the filter into the cache, along its adjacent elements. */
function loadFilter(
  c: Winograd,
  firstColumn: i32,
  endColumn: i32,
  firstChannel: i32,
  endChannel: i32,
  spare: usize,
): void {
  const byChannel = c.filterColumn == 1;
  const first = byChannel ? firstChannel : firstColumn;
  const end = byChannel ? endChannel : endColumn;
  const step = byChannel ? c.filterChannel : c.filterColumn;
  const bytes = at(byChannel ? endColumn - firstColumn : endChannel - firstChannel);
  const start = c.filter + at(byChannel ? firstColumn : firstChannel);
  for (let tap = 0; tap < 9; tap++) {
    const offset = (tap / 3) * c.filterTapY + (tap % 3) * c.filterTapX;
    for (let line = first; line < end; line++) {
      loadIntoCache(start + at(offset + line * step), bytes, spare);
    }
  }
}
