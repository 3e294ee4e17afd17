/** Height and width of the images of this example, which are grey. */
export const imageSize = 28;
export const imagePixels = imageSize * imageSize;

/** Images with their classes. */
export interface LabelledImages {
  /** `[images, 28, 28]` row-major: 0 to 255. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** `[images]`: class of each image. */
  readonly labels: Int32Array<ArrayBuffer>;
}

/** The images of a run. */
export interface ImageSet {
  /** Names of the classes of `train`, `held` and `test`, by label. */
  readonly classNames: readonly string[];
  /** Images that the network is trained on. */
  readonly train: LabelledImages;
  /** Other images of these classes, from which probabilities are estimated, and the threshold if the loss learns none. */
  readonly held: LabelledImages;
  /** Other images of these classes, which only the charts and the accuracy use. */
  readonly test: LabelledImages;
  /** Images of classes that the network never sees; null if there are none. */
  readonly unseen: (LabelledImages & { readonly classNames: readonly string[] }) | null;
}

/** Returns one image, without a copy. */
export function imageAt({ pixels }: LabelledImages, index: number): Uint8Array {
  return pixels.subarray(index * imagePixels, (index + 1) * imagePixels);
}

/**
 * Returns some images in a given order.
 * @param relabel returns the new label; default: the old one
 */
export function selectImages(
  { pixels, labels }: LabelledImages,
  rows: readonly number[],
  relabel: (label: number) => number = (label) => label,
): LabelledImages {
  const picked = new Uint8Array(rows.length * imagePixels);
  rows.forEach((row, place) => {
    picked.set(pixels.subarray(row * imagePixels, (row + 1) * imagePixels), place * imagePixels);
  });
  return { pixels: picked, labels: Int32Array.from(rows, (row) => relabel(labels[row]!)) };
}

/** Returns the images of several sets, one set after the other. */
export function joinImages(sets: readonly LabelledImages[]): LabelledImages {
  const count = sets.reduce((sum, { labels }) => sum + labels.length, 0);
  const joined = { pixels: new Uint8Array(count * imagePixels), labels: new Int32Array(count) };
  let start = 0;
  for (const { pixels, labels } of sets) {
    joined.pixels.set(pixels, start * imagePixels);
    joined.labels.set(labels, start);
    start += labels.length;
  }
  return joined;
}
