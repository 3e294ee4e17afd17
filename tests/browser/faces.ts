import { decodeImage } from '@openset/data';
import { createFaceDetector, cropFace, type Face } from '@openset/faces';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

/** Faces that a backend of this browser finds. */
export interface FacesReport {
  /** The backend that ran; another one if the requested one did not start. */
  readonly backend: string;
  readonly faces: readonly Face[];
  /** Height, width and channels of the best face's crop. */
  readonly crop: readonly number[];
  /** Tensors that detecting left behind. */
  readonly leaked: number;
}

/** Finds the faces on an image file given in base64, with the models that the server has under `/models/`. */
export async function detectFaces(backend: string, base64: string): Promise<FacesReport> {
  setWasmPaths('/wasm/');
  if (!(await tf.setBackend(backend))) return { backend: 'none', faces: [], crop: [], leaked: 0 };
  await tf.ready();
  const image = await decodeImage(
    Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)),
    { fit: 'none' },
  );
  const detector = await createFaceDetector({
    read: async (path) => new Uint8Array(await (await fetch(`/models/${path}`)).arrayBuffer()),
  });
  const before = tf.memory().numTensors;
  const faces = await detector.detect(image);
  const leaked = tf.memory().numTensors - before;
  detector.dispose();
  const { height, width, channels } = cropFace(image, faces[0]!, { kind: 'points' }, 112);
  return { backend: tf.getBackend(), faces, crop: [height, width, channels], leaked };
}
