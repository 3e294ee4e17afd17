import { type PixelImage, toChannels } from '@openset/data';
import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';

/**
 * Returns images of one size as the input of a network: `[images, height, width, 3]`, with values 0 to 255 mapped to `minimum` to 1.
 * @param images at least one, with 1 or 3 channels
 * @param minimum −1 or 0
 */
export function networkInput(images: readonly PixelImage[], minimum: -1 | 0): Tensor4D {
  const { height, width } = images[0]!;
  const length = height * width * 3;
  const values = new Float32Array(images.length * length);
  const step = (1 - minimum) / 255;
  images.forEach((image, position) => {
    const { data } = toChannels(image, 3);
    const start = position * length;
    for (let index = 0; index < length; index++) values[start + index] = data[index]! * step + minimum;
  });
  return tensor4d(values, [images.length, height, width, 3]);
}
