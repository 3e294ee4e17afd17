import type { Point } from '@openset/data';

/**
 * A face on an image. Coordinates are in pixels of the upright image; integers are pixel centres, as in `alignFace` of
 * `@openset/data`. A face that is partly outside the image has coordinates outside it.
 */
export interface Face {
  /** Left, top, width and height of the face, from the forehead to the chin. */
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** Confidence that this is a face, in [0, 1]: the geometric mean of the detector's and of the mesh network's. */
  readonly score: number;
  /**
   * Five landmarks in the order of `faceTemplate` of `@openset/data`: left eye, right eye, nose, left and right corner of the
   * mouth, where left and right are sides of the image of an upright face.
   */
  readonly landmarks: readonly [Point, Point, Point, Point, Point];
  /**
   * Outline of the face mesh: the centre and the longer side of the box around all mesh points after turning the eyes level,
   * and the angle in radians by which the eyes are tilted clockwise. Crops of kind `'box'` use it.
   */
  readonly mesh: { readonly center: Point; readonly side: number; readonly angle: number };
  /** Properties that make its recognition harder. */
  readonly quality: FaceQuality;
}

/** Properties of a face that make its recognition harder. */
export interface FaceQuality {
  /** Distance of the eyes in pixels. */
  readonly eyeDistance: number;
  /** Sharpness of the aligned face: variance of the Laplacian of its grey values in [0, 1], at 112 × 112 pixels. */
  readonly sharpness: number;
  /** Turn of the head in degrees, in (−180, 180], from the depths of the face mesh: 0 is frontal, positive is to the right of the image. */
  readonly yaw: number;
  /** Tilt in the image plane in degrees, in (−180, 180], clockwise: 0 is upright. */
  readonly roll: number;
}
