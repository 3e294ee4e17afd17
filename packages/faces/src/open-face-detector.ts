import { readInstalledModel } from '@openset/pretrained/node';
import { createFaceDetector, type FaceDetector, type FaceDetectorOptions } from './face-detector.ts';

/**
 * Creates a face detector from the installed package `@vladmandic/human`, on the active tfjs backend.
 * @throws DataError with the install command if the package is not installed; ConfigError for options out of range
 */
export async function openFaceDetector(
  options: Omit<FaceDetectorOptions, 'read'> = {},
): Promise<FaceDetector> {
  return createFaceDetector({ ...options, read: readInstalledModel('@vladmandic/human', 'models') });
}
