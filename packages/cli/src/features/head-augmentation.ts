import type { ChosenSettings } from '../config/settings.ts';
import type { FeatureVariants } from './feature-source.ts';

type Augmented = Pick<ChosenSettings, 'augment'>;

/** Returns the probability that training mirrors an image. */
export function flipProbability({ augment }: Augmented): number {
  const still = augment.reduce((share, { kind, ...options }) => {
    if (kind !== 'horizontal-flip') return share;
    const { probability = 0.5 } = options as { readonly probability?: number };
    // Two flips cancel out.
    return share * (1 - probability) + (1 - share) * probability;
  }, 1);
  return 1 - still;
}

/** Returns how many features of an image a run needs: those of its mirror image, too, if training mirrors images. */
export function featureVariants(config: Augmented): FeatureVariants {
  return flipProbability(config) > 0 ? 2 : 1;
}

/** Returns whether features can stand for images: every other augmentation would change them in every epoch. */
export function onlyMirrors({ augment }: Augmented): boolean {
  return augment.every(({ kind }) => kind === 'horizontal-flip');
}
