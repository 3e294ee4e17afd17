import { type PixelImage, toChannels } from '@openset/data';
import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';

/**
 * Returns an image as the input of a network: `[1, height, width, 3]`, with values 0 to 255 mapped to `minimum` to 1.
 * @param minimum −1 or 0
 */
export function networkInput(image: PixelImage, minimum: -1 | 0): Tensor4D {
  const { data, height, width } = toChannels(image, 3);
  const values = new Float32Array(data.length);
  const step = (1 - minimum) / 255;
  for (let index = 0; index < values.length; index++) values[index] = data[index]! * step + minimum;
  return tensor4d(values, [1, height, width, 3]);
}
