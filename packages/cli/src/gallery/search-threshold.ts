import type { GalleryFacts } from '@openset/gallery';
import {
  type DecidingSearch,
  type DecidingSource,
  type DescribedModel,
  selectGalleryThreshold,
} from '@openset/verify';

/** Origin of a threshold for searches: as that of a model, or `'gallery'` for the operating point of the gallery. */
export type SearchSource = DecidingSource | 'gallery';

/** The threshold that decides in a gallery, and its origin. */
export interface SearchThreshold extends Omit<DecidingSearch, 'source'> {
  readonly source: SearchSource;
}

/**
 * Returns the threshold that decides in a gallery: the given one, otherwise the operating point of the gallery, otherwise that of the
 * model for a gallery of this size.
 * @param people number of people in the gallery
 */
export function searchThreshold(
  model: DescribedModel,
  { operatingPoint }: Pick<GalleryFacts, 'operatingPoint'>,
  people: number,
  isGiven: boolean,
): SearchThreshold {
  if (isGiven || !operatingPoint) return selectGalleryThreshold(model, people);
  const { threshold, question } = operatingPoint;
  return { threshold, question, source: 'gallery', search: null };
}
