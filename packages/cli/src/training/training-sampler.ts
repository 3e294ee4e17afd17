import { cappedSampler, type Sampler, shuffledSampler } from '@openset/data';
import type { ChosenSettings } from '../config/settings.ts';

/** Returns the sampler of a run: all images of an epoch in random order, at most `maxImagesPerPerson` of a person. */
export function trainingSampler(
  { seed, maxImagesPerPerson }: Pick<ChosenSettings, 'seed' | 'maxImagesPerPerson'>,
  labels: Int32Array,
): Sampler {
  if (maxImagesPerPerson === null) return shuffledSampler(labels.length, { seed });
  return cappedSampler(labels, { maximum: maxImagesPerPerson, seed });
}
