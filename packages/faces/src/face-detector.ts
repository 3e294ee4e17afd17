import { ConfigError, checkNumber } from '@openset/core';
import { type PixelImage, toChannels } from '@openset/data';
import type { ReadModelFile } from '@openset/pretrained';
import type { Candidate } from './candidate.ts';
import { squareToCrop } from './crop-face.ts';
import { loadDetectorNetwork } from './detector-network.ts';
import type { Face } from './face.ts';
import { measureQuality } from './face-quality.ts';
import { loadMeshNetwork, meshInputSize } from './mesh-network.ts';
import { eyeAngle, landmarksOf, meshBox, meshOutline } from './mesh-points.ts';
import { planLevel } from './search-levels.ts';
import { suppressOverlaps } from './suppress-overlaps.ts';

/** Options of `createFaceDetector`. */
export interface FaceDetectorOptions {
  /** Reads a file of the models folder of `@vladmandic/human`: `blazeface.json`, `facemesh.json` and their weights. */
  readonly read: ReadModelFile;
  /** Faces with a lower score are dropped; in [0, 1], default 0.5. */
  readonly minimumScore?: number;
  /** Maximum number of faces that `detect` returns, the best ones; default 100. */
  readonly maximumFaces?: number;
}

/** Finds faces on images. */
export interface FaceDetector {
  /**
   * Finds the faces on an image.
   * @param image upright, with 1 or 3 channels
   * @returns faces, best score first; empty if there is none
   * @throws ShapeError if the length of the data does not match the size; ConfigError after `dispose`
   */
  detect(image: PixelImage): Promise<Face[]>;
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
  const mesh = await loadMeshNetwork(read);
  let isDisposed = false;

  const confirm = async (image: PixelImage, candidate: Candidate): Promise<Face | null> => {
    const { box, eyes } = candidate;
    const center = [box.x + box.width / 2, box.y + box.height / 2] as const;
    const side = meshMargin * Math.max(box.width, box.height);
    const transform = squareToCrop(center, side, eyeAngle(eyes), meshInputSize);
    const { score: meshScore, points } = await mesh.place(image, transform);
    const score = Math.sqrt(candidate.score * meshScore);
    if (score < minimumScore) return null;
    const landmarks = landmarksOf(points);
    return {
      box: meshBox(points),
      score,
      landmarks,
      mesh: meshOutline(points, eyeAngle(landmarks)),
      quality: measureQuality(image, landmarks, points),
    };
  };

  return {
    detect: async (image) => {
      if (isDisposed) throw new ConfigError('This face detector was disposed of; make a new one.');
      const colour = toChannels(image, 3);
      const found: Candidate[] = [];
      for (const side of levelSides(image)) {
        found.push(...(await detector.search(colour, planLevel(image, side), minimumCandidateScore)));
      }
      const faces: Face[] = [];
      for (const candidate of suppressOverlaps(found, maximumOverlap)) {
        const face = await confirm(colour, candidate);
        if (face) faces.push(face);
      }
      return suppressOverlaps(faces, maximumOverlap).slice(0, maximumFaces);
    },
    dispose: () => {
      if (isDisposed) return;
      isDisposed = true;
      detector.dispose();
      mesh.dispose();
    },
  };
}

/** Candidates with a lower confidence of the detector network are not given to the mesh network. */
const minimumCandidateScore = 0.3;
/** Side of the crop for the mesh network, relative to the candidate's box. */
const meshMargin = 1.5;
/** Intersection over union above which two boxes are the same face. */
const maximumOverlap = 0.3;

function levelSides({ height, width }: PixelImage): number[] {
  const side = Math.max(height, width);
  return [192, ...[640, 1280].filter((level) => level < 1.25 * side)];
}
