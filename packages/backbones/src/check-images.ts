import { type Backbone, DataError, ShapeError, shapeText } from '@openset/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Checks a batch of images against the shape that a backbone takes.
 * @throws ShapeError, DataError naming what was found and what is expected
 */
export function checkImages(
  { name, inputShape }: Pick<Backbone, 'name' | 'inputShape'>,
  images: Tensor,
): void {
  const { shape, dtype } = images;
  const fits =
    shape.length === 4 && inputShape.every((size, axis) => size === null || size === shape[axis + 1]);
  if (!fits || shape[0] === 0) {
    const expected = inputShape.map((size, axis) => size ?? ['height', 'width', 'channels'][axis]);
    throw new ShapeError(
      `${name} takes images [batch, ${expected.join(', ')}] with at least one in a batch, but was given ` +
        `${shapeText(shape)}.`,
    );
  }
  if (dtype !== 'float32') {
    throw new DataError(`${name} takes float32 images, but was given ${dtype}: tf.cast(images, 'float32').`);
  }
}
