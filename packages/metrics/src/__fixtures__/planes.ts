/** Identities 0 and 1 in the first plane; 2 and 3 along axes of the second one, each with two equal samples. */
export const planes = [
  [1, 0, 0, 0],
  [0.6, 0.8, 0, 0],
  [0, 1, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
  [0, 0, 0, 1],
];
export const planeLabels = [0, 0, 1, 1, 2, 2, 3, 3];
