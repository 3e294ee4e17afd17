import type { PixelImage } from '@openset/data';
import type { Candidate, Square } from './candidate.ts';
import { squareToCrop } from './crop-face.ts';
import { type FaceMesh, type MeshNetwork, meshInputSize } from './mesh-network.ts';
import { eyeAngle, landmarksOf, meshOutline } from './mesh-points.ts';

/** A candidate on which the mesh network placed a mesh. */
export interface ConfirmedFace extends Square {
  /** Geometric mean of the confidences of the detector network and of the mesh network. */
  readonly score: number;
  readonly points: FaceMesh['points'];
}

/** Side of the first crop for the mesh network, relative to the candidate. */
const candidateMargin = 1.5;
/** Side of the second crop, relative to the first mesh. A tighter crop shows more detail, which makes the points more accurate. */
const meshMargin = 1.3;

/** Largest distance by which the second mesh may move from the first, relative to its side. */
const maximumShift = 0.1;

/**
 * Places a mesh on each candidate, twice: the second crop is centred on the first mesh, which makes the points more accurate. Away
 * from faces, the second mesh has a low confidence or drifts. Each pass runs the network once, on all candidates.
 *
 * @returns the faces in the order of the candidates, without those whose score is below `minimumScore` or whose mesh drifts
 */
export async function confirmCandidates(
  mesh: MeshNetwork,
  image: PixelImage,
  candidates: readonly Candidate[],
  minimumScore: number,
): Promise<ConfirmedFace[]> {
  const firstMeshes = await mesh.place(
    image,
    candidates.map(({ center, side, eyes }) => cropAround({ center, side }, candidateMargin, eyeAngle(eyes))),
  );
  const placed = firstMeshes.flatMap((first, index) => {
    const { score } = candidates[index]!;
    return meanScore(score, first.score) < minimumScore ? [] : [{ score, outline: outlineOf(first) }];
  });
  const secondMeshes = await mesh.place(
    image,
    placed.map(({ outline }) => cropAround(outline, meshMargin, outline.angle)),
  );
  return secondMeshes.flatMap((second, index) => {
    const { score: detectorScore, outline } = placed[index]!;
    const score = meanScore(detectorScore, second.score);
    if (score < minimumScore) return [];
    const { center, side } = outlineOf(second);
    const shift = Math.hypot(center[0] - outline.center[0], center[1] - outline.center[1]) / side;
    return shift > maximumShift ? [] : [{ center, side, score, points: second.points }];
  });
}

/** Returns the geometric mean of the confidences of both networks. */
function meanScore(detectorScore: number, meshScore: number): number {
  return Math.sqrt(detectorScore * meshScore);
}

function cropAround({ center, side }: Square, margin: number, angle: number) {
  return squareToCrop(center, side * margin, angle, meshInputSize);
}

function outlineOf({ points }: FaceMesh) {
  return meshOutline(points, eyeAngle(landmarksOf(points)));
}
