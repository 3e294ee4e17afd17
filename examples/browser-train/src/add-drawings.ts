import { type ImageSet, imageAt, joinImages, selectImages } from './image-set.ts';

/** A drawing to train on. */
export interface Drawing {
  readonly className: string;
  /** `[28, 28]` */
  readonly pixels: Uint8Array;
}

/** How often a drawing is trained on in an epoch, each time shifted otherwise: one of thousands of images would have no effect. */
const copies = 20;

/**
 * Returns a set of images with drawings to train on. A new name makes a new class. A class that was never trained on, and now has
 * drawings, is trained on and leaves the others.
 */
export function addDrawings(set: ImageSet, drawings: readonly Drawing[]): ImageSet {
  if (drawings.length === 0) return set;
  const drawn = [...new Set(drawings.map(({ className }) => className))];
  const classNames = [...set.classNames, ...drawn.filter((name) => !set.classNames.includes(name))];
  const added = drawings.map(({ className, pixels }) => ({
    pixels: Uint8Array.from(pixels),
    labels: Int32Array.of(classNames.indexOf(className)),
  }));
  const repeated = added.flatMap((image) => Array.from({ length: copies }, () => image));
  return {
    ...set,
    classNames,
    train: joinImages([set.train, ...repeated]),
    unseen: set.unseen && withoutClasses(set.unseen, drawn),
  };
}

/** Returns the images of classes that are not in a list; null if fewer than two classes remain. */
function withoutClasses(
  unseen: NonNullable<ImageSet['unseen']>,
  names: readonly string[],
): ImageSet['unseen'] {
  const kept = unseen.classNames.filter((name) => !names.includes(name));
  if (kept.length < 2) return null;
  const rows = [...unseen.labels.keys()].filter((row) =>
    kept.includes(unseen.classNames[unseen.labels[row]!]!),
  );
  const images = selectImages(unseen, rows, (label) => kept.indexOf(unseen.classNames[label]!));
  return { ...images, classNames: kept };
}

/** Returns an image of a set with the name of its class. */
export function namedImage(
  set: ImageSet,
  index: number,
): { readonly pixels: Uint8Array; readonly name: string } {
  const { test, unseen, classNames } = set;
  const isKnown = index < test.labels.length;
  if (isKnown || !unseen) return { pixels: imageAt(test, index), name: classNames[test.labels[index]!]! };
  const row = index - test.labels.length;
  return { pixels: imageAt(unseen, row), name: unseen.classNames[unseen.labels[row]!]! };
}
