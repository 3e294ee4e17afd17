import { galleryScores, galleryThreshold } from '@openset/metrics';
import type { GalleryThreshold } from '@openset/verify';
import { trustedPeople } from '../config/held-out-people.ts';
import type { EmbeddingRows } from './embeddings.ts';

/** Sizes of galleries whose thresholds a model carries. */
const sizes = [1, 10, 100, 1000, 10_000];

/**
 * Estimates the thresholds of searches in galleries, by searches among people outside training: as few errors as possible if
 * half of the probes are in the gallery.
 * @param labels `[rows]`: person of each embedding
 * @returns null for fewer than 20 people with two images, or if their genuine scores are not the higher ones. Sizes that
 *   are out of reach for the network are missing
 */
export function measureGalleryThresholds(
  { values, size }: EmbeddingRows,
  labels: ArrayLike<number>,
): readonly GalleryThreshold[] | null {
  const counts = new Map<number, number>();
  for (const label of Array.from(labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
  const people = [...counts.values()].filter((count) => count > 1).length;
  if (people < trustedPeople) return null;
  const scores = galleryScores(values, labels, size);
  const found: GalleryThreshold[] = [];
  for (const gallery of sizes) {
    const threshold = galleryThreshold(scores, gallery);
    if (threshold === null) break;
    found.push({ people: gallery, threshold });
  }
  return found.length > 0 ? found : null;
}
