import { alignFace, type PixelImage, toChannels } from '@openset/data';
import type { Face, FaceQuality } from './face.ts';
import { eyeAngle, type MeshPoint } from './mesh-points.ts';

const alignedSize = 112;
const degrees = 180 / Math.PI;

/** Measures the quality of a face whose landmarks and mesh are known. */
export function measureQuality(
  image: PixelImage,
  landmarks: Face['landmarks'],
  points: readonly MeshPoint[],
): FaceQuality {
  const [left, right] = landmarks;
  return {
    eyeDistance: Math.hypot(right[0] - left[0], right[1] - left[1]),
    sharpness: laplacianVariance(toChannels(alignFace(image, landmarks, alignedSize), 1)),
    yaw: headYaw(points, eyeAngle(landmarks)),
    roll: eyeAngle(landmarks) * degrees,
  };
}

/**
 * Returns the variance of the Laplacian `4·v(x, y) − v(x ± 1, y) − v(x, y ± 1)` over the inner pixels of a grey image, with
 * values in [0, 1]. Blur lowers it; noise and compression artefacts raise it.
 */
export function laplacianVariance({ data, height, width }: PixelImage): number {
  let sum = 0;
  let squares = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const index = y * width + x;
      const neighbours = data[index - 1]! + data[index + 1]! + data[index - width]! + data[index + width]!;
      const value = (4 * data[index]! - neighbours) / 255;
      sum += value;
      squares += value * value;
    }
  }
  const count = Math.max(0, height - 2) * Math.max(0, width - 2);
  return count === 0 ? 0 : squares / count - (sum / count) ** 2;
}

/**
 * Returns the turn of the head in degrees: the angle between the image plane and the line through the sides of the face in front
 * of the ears (mesh points 234 and 454), seen from above the level eyes.
 */
export function headYaw(points: readonly MeshPoint[], angle: number): number {
  const left = points[234]!;
  const right = points[454]!;
  const across = (right[0] - left[0]) * Math.cos(angle) + (right[1] - left[1]) * Math.sin(angle);
  return Math.atan2(right[2] - left[2], across) * degrees;
}
