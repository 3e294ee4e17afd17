import { expect, it } from 'vitest';
import { measureSubCenters } from './sub-centers.ts';

it('finds the chosen and the dominant centers, and the samples far from them', () => {
  // Three samples of class 1, two centers for each of three classes.
  const cosines = [
    [0.1, 0.2, 0.9, 0.1, -0.5, -0.5],
    [0.3, 0.2, 0.8, 0.2, -0.1, 0.4],
    [0.0, 0.1, 0.2, 0.7, 0.3, 0.1],
  ].flat();
  const use = measureSubCenters(cosines, [1, 1, 1], { numClasses: 3, centers: 2, outlierDegrees: 75 });
  // Of the equal cosines −0.5, the first center counts.
  expect(use.chosenSubCenters).toEqual([1, 0, 0, 0, 0, 1, 1, 1, 0]);
  // Two of three samples chose center 0. The others have no samples.
  expect(use.dominantSubCenters).toEqual([-1, 0, -1]);
  // cos 75° = 0.2588: only the last sample, with 0.2, is farther.
  expect(use.outliers).toEqual([2]);
});

it('takes the lower of centers that equally many samples chose', () => {
  const options = { numClasses: 1, centers: 2, outlierDegrees: 90 };
  expect(measureSubCenters([0, 1, 1, 0], [0, 0], options).dominantSubCenters).toEqual([0]);
});
