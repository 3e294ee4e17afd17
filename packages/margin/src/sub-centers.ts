/** How the samples of a batch use the centers of the classes. */
export type SubCenterUse = {
  /** `[batch · numClasses]`: the center of each class that is most similar to each sample; of equal ones, the first. */
  readonly chosenSubCenters: number[];
  /** `[numClasses]`: the center that most samples of the class chose; −1 for a class without samples. */
  readonly dominantSubCenters: number[];
  /** Rows of the batch that are far from the dominant center of their class. */
  readonly outliers: number[];
};

/**
 * Finds the samples whose labels may be wrong (Deng et al. 2020, section 3.3).
 * @param cosines `[batch, numClasses · centers]`, row-major
 * @param labels `[batch]`
 * @param options `outlierDegrees`: angle to the dominant center beyond which a sample is an outlier
 */
export function measureSubCenters(
  cosines: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: { readonly numClasses: number; readonly centers: number; readonly outlierDegrees: number },
): SubCenterUse {
  const { numClasses, centers, outlierDegrees } = options;
  const cosineOf = (row: number, label: number, center: number) =>
    cosines[(row * numClasses + label) * centers + center]!;
  const centersOf = (row: number, label: number) =>
    Array.from({ length: centers }, (_, center) => cosineOf(row, label, center));
  const rows = Array.from(labels, (_, row) => row);
  const classes = Array.from({ length: numClasses }, (_, label) => label);
  const chosenSubCenters = rows.flatMap((row) =>
    classes.map((label) => placeOfLargest(centersOf(row, label))),
  );
  const counts = classes.map(() => new Array<number>(centers).fill(0));
  for (const row of rows) {
    const label = labels[row]!;
    counts[label]![chosenSubCenters[row * numClasses + label]!]! += 1;
  }
  const dominantSubCenters = counts.map((each) => (each.some(Boolean) ? placeOfLargest(each) : -1));
  const smallest = Math.cos((outlierDegrees * Math.PI) / 180);
  const outliers = rows.filter((row) => {
    const label = labels[row]!;
    return cosineOf(row, label, dominantSubCenters[label]!) < smallest;
  });
  return { chosenSubCenters, dominantSubCenters, outliers };
}

/** Returns the place of the largest value; of equal ones, the first. */
function placeOfLargest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
