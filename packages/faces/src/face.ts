import type { Point } from '@openset/data';

/** A face on an image. Coordinates are in pixels of the upright image; the pixel in the corner spans 0 to 1. */
export interface Face {
  /** Left, top, width and height of the face, from the forehead to the chin. */
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** Confidence of the detector, in [0, 1]. */
  readonly score: number;
  /**
   * Five landmarks in the order of `faceTemplate` of `@openset/data`: left eye, right eye, nose, left and right corner of the
   * mouth, where left and right are sides of the image of an upright face.
   */
  readonly landmarks: readonly [Point, Point, Point, Point, Point];
  /** Outline of the face mesh: the box of all mesh points after turning the eyes level. Crops of kind `'box'` use it. */
  readonly mesh: { readonly center: Point; readonly side: number; readonly angle: number };
  readonly quality: FaceQuality;
}

/** Properties of a face that make its recognition harder. */
export interface FaceQuality {
  /** Distance of the eyes in pixels. */
  readonly eyeDistance: number;
  /** Sharpness of the aligned face: variance of the Laplacian of its grey values in [0, 1], at 112 × 112 pixels. */
  readonly sharpness: number;
  /** Turn of the head to a side in degrees, estimated from the landmarks: 0 is frontal. */
  readonly yaw: number;
  /** Tilt in the image plane in degrees: 0 is upright. */
  readonly roll: number;
}
