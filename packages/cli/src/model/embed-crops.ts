import type { ImageRecord, ImageSource, PixelImage } from '@openset/data';
import type { Verifier } from '@openset/verify';
import { type InputSize, loadCrops } from './embed-images.ts';

/**
 * Embeds crops of faces, in order.
 * @param size of the network's input; crops of another size are resized
 * @returns one array of `embeddingSize` numbers at unit length for each crop
 * @throws DataError if an embedding has no direction
 */
export function embedCrops(
  verifier: Verifier,
  crops: readonly PixelImage[],
  size: InputSize,
): Promise<Float32Array[]> {
  return verifier.embedBatches(loadCrops(rawSource(crops), size));
}

/** Returns a source of raw images in memory. */
function rawSource(images: readonly PixelImage[]): ImageSource {
  return {
    size: images.length,
    classNames: [],
    labels: new Int32Array(images.length).fill(-1),
    async get(index): Promise<ImageRecord> {
      const { data, ...raw } = images[index]!;
      return { bytes: data, raw, label: -1, origin: `face ${index}` };
    },
    close: async () => {},
  };
}
