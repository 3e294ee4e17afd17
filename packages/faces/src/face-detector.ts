import { ConfigError, checkChoice, checkNumber } from '@openset/core';
import { checkImage, type PixelImage } from '@openset/data';
import type { ReadModelFile } from '@openset/pretrained';
import type { ConfirmedFace } from './confirm-candidates.ts';
import { loadDetectorNetwork } from './detector-network.ts';
import type { Face } from './face.ts';
import { measureQuality } from './face-quality.ts';
import { findFaces } from './find-faces.ts';
import { isDrawing } from './flat-colours.ts';
import { loadMeshNetwork } from './mesh-network.ts';
import { eyeAngle, landmarksOf, meshBox, meshOutline } from './mesh-points.ts';
import type { FaceNeed } from './search-levels.ts';

/** Options of `createFaceDetector`. */
export interface FaceDetectorOptions {
  /** Reads a file of the models folder of `@vladmandic/human`: `blazeface.json`, `facemesh.json` and their weights. */
  readonly read: ReadModelFile;
  /** Faces with a lower score are dropped; in [0, 1], default 0.5. */
  readonly minimumScore?: number;
  /** Maximum number of faces that `detect` returns, the best ones; default 100. */
  readonly maximumFaces?: number;
}

/** Options of `FaceDetector.detect`. */
export interface DetectOptions {
  /** `'largest'` finds at least the largest face and may miss smaller ones, which takes half the time; default `'all'`. */
  readonly need?: FaceNeed;
}

/** Finds faces on images. */
export interface FaceDetector {
  /**
   * Finds the faces on an image.
   * @param image upright, with 1 or 3 channels
   * @returns faces, best score first; empty if there is none
   * @throws ShapeError if the length of the data does not match the size; ConfigError after `dispose`, or for an unknown need
   */
  detect(image: PixelImage, options?: DetectOptions): Promise<Face[]>;
  /** Frees the tensors of both networks. */
  dispose(): void;
}

/**
 * Loads the networks of a face detector onto the active tfjs backend: BlazeFace finds faces, and a face mesh confirms each and
 * places its landmarks.
 *
 * @throws ConfigError for options out of range; DataError if a model cannot be read
 */
export async function createFaceDetector(options: FaceDetectorOptions): Promise<FaceDetector> {
  const { read, minimumScore = 0.5, maximumFaces = 100 } = options;
  checkNumber('createFaceDetector: minimumScore', minimumScore, { minimum: 0, maximum: 1 });
  checkNumber('createFaceDetector: maximumFaces', maximumFaces, { minimum: 1, integer: true });
  const detector = await loadDetectorNetwork(read);
  const mesh = await loadMeshNetwork(read).catch((error) => {
    detector.dispose();
    throw error;
  });
  let isDisposed = false;

  return {
    detect: async (image, { need = 'all' } = {}) => {
      if (isDisposed) throw new ConfigError('This face detector was disposed of; make a new one.');
      checkImage(image);
      checkChoice('detect: need', need, ['all', 'largest']);
      const search = async (wanted: FaceNeed) => {
        const found = await findFaces({ detector, mesh }, image, minimumScore, wanted);
        const faces = found.filter((face) => !isDrawing(image, outlineOf(face)));
        return { faces, drawings: found.length - faces.length };
      };
      const first = await search(need);
      // The largest face may be a drawing; finer levels may show the largest of the others.
      const { faces } = need === 'largest' && first.drawings > 0 ? await search('all') : first;
      return faces.slice(0, maximumFaces).map((face) => describeFace(image, face));
    },
    dispose: () => {
      if (isDisposed) return;
      isDisposed = true;
      detector.dispose();
      mesh.dispose();
    },
  };
}

function describeFace(image: PixelImage, { score, points }: ConfirmedFace): Face {
  const landmarks = landmarksOf(points);
  return {
    box: meshBox(points),
    score,
    landmarks,
    mesh: outlineOf({ points }),
    quality: measureQuality(image, landmarks, points),
  };
}

function outlineOf({ points }: Pick<ConfirmedFace, 'points'>): Face['mesh'] {
  return meshOutline(points, eyeAngle(landmarksOf(points)));
}
