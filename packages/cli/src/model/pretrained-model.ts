import { type OpenedNetwork, openPretrained } from '@openset/pretrained/node';
import type { ModelDescription } from '@openset/verify';

/** A network from an installed package as a model. */
export interface PretrainedModel extends Pick<OpenedNetwork, 'backbone'> {
  /** The network with its crop, and the threshold that ships with it. */
  readonly description: ModelDescription;
}

/**
 * Opens a network from an installed package as a model. The caller disposes of the backbone.
 * @param word of `pretrainedNetworks`
 * @throws DataError with the install command if the package is not installed
 */
export async function openPretrainedModel(word: string): Promise<PretrainedModel> {
  const { backbone, network } = await openPretrained(word);
  const { cosine, calibration, interval = null, galleries = null } = network.threshold;
  const description: ModelDescription = {
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
  };
  return { description, backbone };
}
