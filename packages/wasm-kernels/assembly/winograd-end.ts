// The end of a step of an inference plan, for the results of one tile.
import { at } from './lanes';
import { biasRow, endPixel } from './step-end';
import { inputStepOf, resultsOf } from './winograd-lines';
import { Winograd } from './winograd-parameters';
import { firstPixel, pixelsOf, TilePlace } from './winograd-places';

/** Ends the results of a tile that lie inside the image. */
export function endTile(c: Winograd, place: TilePlace, column: i32, columns: i32): void {
  if (c.borderBias == 0 && c.residual == 0 && c.slopes == 0) return;
  const results = resultsOf(c.scheme);
  const stride = inputStepOf(c.scheme) / results;
  const firstY = firstPixel(place.row, c.fullTilesY, results);
  const firstX = firstPixel(place.column, c.fullTilesX, results);
  const endY = min(firstY + pixelsOf(place.row, c.fullTilesY, results, results), c.outHeight);
  const endX = min(firstX + pixelsOf(place.column, c.fullTilesX, results, results), c.outWidth);
  const slopes = c.slopes == 0 ? 0 : c.slopes + at(column);
  let bias: usize = 0;
  for (let y = firstY; y < endY; y++) {
    for (let x = firstX; x < endX; x++) {
      if (c.borderBias != 0) {
        const taps = biasRow(stride * y + c.offsetY, stride * x + c.offsetX, 3, 3, c.height, c.width);
        bias = c.borderBias + at(taps * c.columns + column);
      }
      const o = at(((place.image * c.outHeight + y) * c.outWidth + x) * c.columns + column);
      endPixel(c.target + o, columns, bias, c.residual == 0 ? 0 : c.residual + o, slopes);
    }
  }
}
