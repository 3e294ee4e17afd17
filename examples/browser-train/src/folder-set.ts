import { DataError } from '@openset/core';
import { type ImageSet, imagePixels, type LabelledImages, selectImages } from './image-set.ts';

/** An image of a folder. */
export interface FolderImage {
  /** Name of the folder that it lies in. */
  readonly className: string;
  /** `[28, 28]` */
  readonly pixels: Uint8Array;
}

/** Images that a class needs, to be trained on, held out and tested on. */
const leastImages = 8;
const leastClasses = 2;
/** Share of the images of a class that are held out, and that are tested on. */
const heldShare = 0.15;
/** Share of the classes that the network never sees, if two remain. */
const unseenShare = 0.3;

/**
 * Divides images of folders by class: the last folders by name are never trained on; of the others, a part is held out and a part
 * tested on.
 * @throws DataError if there are too few classes or images
 */
export function folderSet(images: readonly FolderImage[]): ImageSet {
  const names = [...new Set(images.map(({ className }) => className))].sort((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  const rowsOf = new Map(names.map((name) => [name, [] as number[]]));
  images.forEach(({ className }, row) => {
    rowsOf.get(className)!.push(row);
  });
  const large = names.filter((name) => rowsOf.get(name)!.length >= leastImages);
  if (large.length < leastClasses) {
    throw new DataError(
      `The folder has ${large.length === 0 ? 'no class' : 'only one class'} with ${leastImages} pictures or more. Choose a folder ` +
        `that holds at least ${leastClasses} folders, one for each class, with at least ${leastImages} pictures each.`,
    );
  }
  const all: LabelledImages = {
    pixels: new Uint8Array(images.length * imagePixels),
    labels: new Int32Array(images.length),
  };
  images.forEach(({ pixels, className }, row) => {
    all.pixels.set(pixels, row * imagePixels);
    all.labels[row] = large.indexOf(className);
  });
  const wanted = Math.max(2, Math.round(unseenShare * large.length));
  const unseenCount = large.length - wanted >= leastClasses ? wanted : 0;
  const [known, strange] = [
    large.slice(0, large.length - unseenCount),
    large.slice(large.length - unseenCount),
  ];
  const part = (start: number, end: number) =>
    selectImages(
      all,
      known.flatMap((name) => {
        const rows = rowsOf.get(name)!;
        const held = Math.max(2, Math.round(heldShare * rows.length));
        const place = (edge: number) => (edge < 0 ? rows.length : edge * held);
        return rows.slice(place(start), place(end));
      }),
    );
  const unseen = selectImages(
    all,
    strange.flatMap((name) => rowsOf.get(name)!),
    (label) => label - known.length,
  );
  return {
    classNames: known,
    held: part(0, 1),
    test: part(1, 2),
    train: part(2, -1),
    unseen: strange.length > 0 ? { ...unseen, classNames: strange } : null,
  };
}
