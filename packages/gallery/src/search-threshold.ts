import {
  type DecidingSearch,
  type DecidingSource,
  type DescribedModel,
  selectGalleryThreshold,
} from '@openset/verify';
import type { GalleryFacts } from './gallery.ts';

/** Origin of a threshold for searches: as that of a model, or `'gallery'` for the operating point of the gallery. */
export type SearchSource = DecidingSource | 'gallery';

/** The threshold that decides in a gallery, and its origin. */
export interface SearchThreshold extends Omit<DecidingSearch, 'source'> {
  /** Origin of the threshold. */
  readonly source: SearchSource;
}

/**
 * Returns the threshold that decides in a gallery: its operating point, otherwise that of the model for a gallery of this size
 * (`selectGalleryThreshold` of `@openset/verify`).
 * @param people number of people in the gallery
 */
export function selectSearchThreshold(
  model: DescribedModel,
  { operatingPoint }: Pick<GalleryFacts, 'operatingPoint'>,
  people: number,
): SearchThreshold {
  if (!operatingPoint) return selectGalleryThreshold(model, people);
  const { threshold, question } = operatingPoint;
  return { threshold, question, source: 'gallery', search: null };
}
