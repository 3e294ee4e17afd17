import { createImageLike, type PixelImage } from './pixel-image.ts';

/** Checks whether an EXIF orientation swaps height and width. */
export function swapsSides(orientation: number): boolean {
  return orientation >= 5;
}

/**
 * Turns and mirrors an image upright.
 *
 * @param orientation EXIF orientation of the image, 1 to 8: where its first row and first column belong
 */
export function orientImage(image: PixelImage, orientation: number): PixelImage {
  if (orientation === 1) return image;
  const { channels } = image;
  const size = swapsSides(orientation)
    ? { height: image.width, width: image.height }
    : { height: image.height, width: image.width };
  const output = createImageLike(image, size);
  // The first row of the file is at the bottom or right; so is its first column.
  const isRowReversed = [3, 4, 7, 6].includes(orientation);
  const isColumnReversed = [2, 3, 7, 8].includes(orientation);
  let target = 0;
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const [row, column] = swapsSides(orientation) ? [x, y] : [y, x];
      const fromRow = isRowReversed ? image.height - 1 - row : row;
      const fromColumn = isColumnReversed ? image.width - 1 - column : column;
      const source = (fromRow * image.width + fromColumn) * channels;
      for (let channel = 0; channel < channels; channel++)
        output.data[target++] = image.data[source + channel]!;
    }
  }
  return output;
}
