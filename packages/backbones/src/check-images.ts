import { type Backbone, DataError, ShapeError, shapeText } from '@openset/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Checks a batch of images against the input shape of a backbone.
 * @throws ShapeError, DataError with the shape or type found and expected
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
      `${name} takes images [batch, ${expected.join(', ')}] with at least one in a batch, but got ` +
        `${shapeText(shape)}.`,
    );
  }
  if (dtype !== 'float32') {
    throw new DataError(`${name} takes float32 images, but got ${dtype}: use tf.cast(images, 'float32').`);
  }
}
