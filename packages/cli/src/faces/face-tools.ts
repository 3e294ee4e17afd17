import type { FaceCrop } from '@openset/core';
import type { PixelImage } from '@openset/data';
import type { Face } from '@openset/faces';
import * as tf from '@tensorflow/tfjs-core';

/** Values of `--select`. */
export const faceSelections = ['largest', 'most-central', 'all'] as const;
/** Which faces of a photo are taken. */
export type FaceSelection = (typeof faceSelections)[number];

/** The functions of `@openset/faces` that commands use. */
export interface FaceTools {
  /** Finds the faces of an upright image `[height, width, 3]`, best score first. */
  detect(image: PixelImage): Promise<readonly Face[]>;
  /** Returns the crop of a face as `[size, size, channels]`. */
  crop(image: PixelImage, face: Face, crop: FaceCrop, size: number): PixelImage;
  /** Returns the selected faces, the best choice first. */
  select(faces: readonly Face[], image: PixelImage, selection: FaceSelection): readonly Face[];
}

const opened = new Map<string, Promise<FaceTools>>();

/**
 * Loads the face detector onto the active backend, once a process. Commands that crop nothing never call it, because the models
 * and tfjs-converter take time to load.
 * @throws DataError with the install command if the package with the models is missing
 */
export async function loadFaceTools(): Promise<FaceTools> {
  const backend = tf.getBackend();
  let tools = opened.get(backend);
  if (!tools) {
    tools = openTools();
    opened.set(backend, tools);
    // A later call may succeed.
    tools.catch(() => opened.delete(backend));
  }
  return tools;
}

async function openTools(): Promise<FaceTools> {
  const [node, faces] = await Promise.all([import('@openset/faces/node'), import('@openset/faces')]);
  const { openFaceDetector, cropFace, selectFaces } = { ...faces, ...node } as unknown as PlannedFaces;
  const detector = await openFaceDetector();
  return { detect: (image) => detector.detect(image), crop: cropFace, select: selectFaces };
}

/** The functions of `@openset/faces` that are still to land. */
interface PlannedFaces {
  openFaceDetector(): Promise<Pick<FaceTools, 'detect'>>;
  readonly cropFace: FaceTools['crop'];
  readonly selectFaces: FaceTools['select'];
}
