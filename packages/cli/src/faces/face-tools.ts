import type { FaceCrop } from '@openset/core';
import type { PixelImage } from '@openset/data';
import type { DetectOptions, Face, FaceSelection } from '@openset/faces';
import * as tf from '@tensorflow/tfjs-core';

/** The functions of `@openset/faces` that commands use. */
export interface FaceTools {
  /** Finds the faces of an upright image `[height, width, 3]`, best score first. */
  detect(image: PixelImage, options?: DetectOptions): Promise<readonly Face[]>;
  /** Returns the crop of a face as `[size, size, channels]`. */
  crop(image: PixelImage, face: Face, crop: FaceCrop, size: number): PixelImage;
  /** Returns the selected faces, the best choice first. */
  select(faces: readonly Face[], image: PixelImage, selection: FaceSelection): readonly Face[];
}

/** Score from which a face counts. */
export const usualMinimumScore = 0.5;

const opened = new Map<string, Promise<FaceTools>>();

/**
 * Loads the face detector onto the active backend, once a process. Commands that crop nothing never call it, because the models
 * and tfjs-converter take time to load.
 * @param minimumScore score from which a face counts, in [0, 1]
 * @throws DataError with the install command if the package with the models is missing
 */
export async function loadFaceTools(minimumScore = usualMinimumScore): Promise<FaceTools> {
  const key = `${tf.getBackend()} ${minimumScore}`;
  let tools = opened.get(key);
  if (!tools) {
    tools = openTools(minimumScore);
    opened.set(key, tools);
    // A later call may succeed.
    tools.catch(() => opened.delete(key));
  }
  return tools;
}

async function openTools(minimumScore: number): Promise<FaceTools> {
  const [{ openFaceDetector }, { cropFace, selectFaces }] = await Promise.all([
    import('@openset/faces/node'),
    import('@openset/faces'),
  ]);
  const detector = await openFaceDetector({ minimumScore });
  return { detect: (image, options) => detector.detect(image, options), crop: cropFace, select: selectFaces };
}
