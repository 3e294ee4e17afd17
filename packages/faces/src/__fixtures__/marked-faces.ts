import type { Face } from '../face.ts';

/** A face on a sample photo of `@vladmandic/face-api` whose landmarks were marked by eye. */
export interface MarkedFace {
  /** Number of the photo: `demo/sample1.jpg` to `demo/sample6.jpg`. */
  readonly sample: number;
  /** Whether the face is sharp, well lit, and turned by less than 20°. */
  readonly isClear: boolean;
  /** Middles of the eyes' corners, the tip of the nose, and the corners of the mouth. */
  readonly landmarks: Face['landmarks'];
}

/**
 * Faces marked on enlargements of five to eight times, and checked on the drawn marks. Points with two
 * marks are the middle of both, which are 1.9 % of the eyes' distance apart on average.
 */
export const markedFaces: readonly MarkedFace[] = [
  {
    sample: 6,
    isClear: true,
    landmarks: [
      [323.6, 610.7],
      [422.6, 600.1],
      [390, 667],
      [341, 702],
      [428.9, 691.5],
    ],
  },
  {
    sample: 6,
    isClear: true,
    landmarks: [
      [1230.3, 431.8],
      [1325.1, 432.3],
      [1273.5, 500],
      [1238.2, 535.7],
      [1308.9, 531.4],
    ],
  },
  {
    sample: 6,
    isClear: true,
    landmarks: [
      [1538, 380.2],
      [1625.9, 397.3],
      [1557.5, 459],
      [1519, 475],
      [1600, 492.3],
    ],
  },
  {
    sample: 6,
    isClear: true,
    landmarks: [
      [704.3, 457],
      [795, 450.5],
      [735, 515],
      [722, 548.8],
      [810.7, 548.3],
    ],
  },
  {
    sample: 3,
    isClear: true,
    landmarks: [
      [628.7, 435.4],
      [724.9, 437.6],
      [664, 487],
      [639.5, 533.5],
      [712, 536],
    ],
  },
  {
    sample: 3,
    isClear: true,
    landmarks: [
      [1116.5, 321],
      [1213.9, 343.8],
      [1139, 389],
      [1102.6, 422],
      [1198.7, 441.5],
    ],
  },
  {
    sample: 3,
    isClear: true,
    landmarks: [
      [1554.6, 414],
      [1653.1, 403.5],
      [1623, 465],
      [1548.3, 500.3],
      [1655.2, 491.7],
    ],
  },
  {
    sample: 1,
    isClear: true,
    landmarks: [
      [1555.3, 281.5],
      [1613.3, 339.5],
      [1551.5, 334],
      [1500.3, 340],
      [1558.5, 393.3],
    ],
  },
  {
    sample: 5,
    isClear: false,
    landmarks: [
      [842.2, 195],
      [922.8, 208.1],
      [882.5, 240],
      [844.5, 276.9],
      [909, 285.3],
    ],
  },
  {
    sample: 5,
    isClear: false,
    landmarks: [
      [1441.8, 511.3],
      [1525.5, 496],
      [1464.5, 568],
      [1465, 611],
      [1544, 598.8],
    ],
  },
  {
    sample: 5,
    isClear: false,
    landmarks: [
      [1148.3, 297.4],
      [1226.6, 294.4],
      [1173, 329],
      [1143, 376],
      [1224, 376.3],
    ],
  },
  {
    sample: 5,
    isClear: false,
    landmarks: [
      [423.9, 994],
      [520.5, 984],
      [488, 1039],
      [441.8, 1096.4],
      [528, 1084.5],
    ],
  },
];
