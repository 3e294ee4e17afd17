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
 * Places a mesh on a candidate, twice: the second crop is centred on the first mesh, which makes the points more accurate. Away
 * from faces, the second mesh has a low confidence or drifts.
 *
 * @returns null if the score is below `minimumScore`, or if the mesh drifts
 */
export async function confirmCandidate(
  mesh: MeshNetwork,
  image: PixelImage,
  candidate: Candidate,
  minimumScore: number,
): Promise<ConfirmedFace | null> {
  const scoreOf = (found: FaceMesh) => Math.sqrt(candidate.score * found.score);
  const placeIn = ({ center, side }: Square, margin: number, angle: number) =>
    mesh.place(image, squareToCrop(center, side * margin, angle, meshInputSize));

  const first = await placeIn(candidate, candidateMargin, eyeAngle(candidate.eyes));
  if (scoreOf(first) < minimumScore) return null;
  const outline = outlineOf(first);
  const second = await placeIn(outline, meshMargin, outline.angle);
  const score = scoreOf(second);
  if (score < minimumScore) return null;
  const { center, side } = outlineOf(second);
  const shift = Math.hypot(center[0] - outline.center[0], center[1] - outline.center[1]) / side;
  return shift > maximumShift ? null : { center, side, score, points: second.points };
}

function outlineOf({ points }: FaceMesh) {
  return meshOutline(points, eyeAngle(landmarksOf(points)));
}
