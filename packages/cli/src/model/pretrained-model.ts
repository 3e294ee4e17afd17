import { openPretrained } from '@openset/pretrained/node';
import type { ModelFile } from '@openset/verify';

/**
 * Returns a network from an installed package as a model: its weights, its crop, and the threshold that ships with it.
 * @param word of `pretrainedNetworks`
 * @throws DataError with the install command if the package is not installed
 */
export async function readPretrainedModel(word: string): Promise<ModelFile> {
  const { backbone, network } = await openPretrained(word);
  try {
    const { cosine, calibration, interval = null, galleries = null } = network.threshold;
    const description = {
      backbone: backbone.getConfig(),
      threshold: cosine,
      thresholdSource: 'calibrated',
      question: { kind: 'pair', odds: 1 },
      thresholdInterval: interval,
      galleryThresholds: galleries,
      calibration,
      flipSum: false,
      orientation: 'exif',
      crop: network.crop,
    } as const;
    return { description, state: backbone.getState() };
  } finally {
    backbone.dispose();
  }
}
