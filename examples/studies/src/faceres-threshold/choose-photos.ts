import { shuffledSampler } from '@openset/data';

/**
 * Returns the photos of some people, at most so many of each: people in a random order that is always the same, so that a study of
 * more people reuses what a study of fewer stored.
 * @param labels `[photos]`: the person on each photo, from 0
 * @returns indices of photos, those of a person together
 */
export function choosePhotos(
  labels: ArrayLike<number>,
  { people, images }: { readonly people: number; readonly images: number },
): number[] {
  const photosOf = new Map<number, number[]>();
  for (let photo = 0; photo < labels.length; photo++) {
    const photos = photosOf.get(labels[photo]!) ?? [];
    photos.push(photo);
    photosOf.set(labels[photo]!, photos);
  }
  const known = [...photosOf.values()];
  const order = shuffledSampler(known.length, { seed: 1 }).order(0);
  return [...order].slice(0, people).flatMap((person) => known[person]!.slice(0, images));
}
