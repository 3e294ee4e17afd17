import { averageBlocks, type PixelImage } from '@openset/data';
import { type Candidate, containment, overlap, type Square } from './candidate.ts';
import { type ConfirmedFace, confirmCandidates } from './confirm-candidates.ts';
import type { DetectorNetwork } from './detector-network.ts';
import type { MeshNetwork } from './mesh-network.ts';
import {
  type FaceNeed,
  isUsefulLevel,
  type LevelOptions,
  levelSides,
  needsFinerLevel,
  planLevel,
  rescueLevels,
  type SearchLevel,
  upsideDownLevel,
} from './search-levels.ts';
import { suppressOverlaps } from './suppress-overlaps.ts';

/** The two networks of a face detector. */
export interface FaceNetworks {
  readonly detector: DetectorNetwork;
  readonly mesh: MeshNetwork;
}

/** Candidates with a lower confidence of the detector network are not given to the mesh network. */
const minimumCandidateScore = 0.3;
/** Intersection over union above which two squares are the same face. */
const maximumOverlap = 0.3;
/** Share of a face that may lie in a better one. The networks take an eye and half a mouth of a large face for another face. */
const maximumContainment = 0.5;
/**
 * Score that the best face of an upright photo nearly always has. On a photo that stands on its head, the networks find faces, with wrong
 * points and scores of 0.59 to 0.78.
 */
const uprightScore = 0.8;
const margin = 16;

/**
 * Finds faces of all sizes: searches coarse levels first and goes on to finer ones while they may show more faces.
 * @param need `'largest'`: smaller faces than the largest may be missing
 * @returns faces, best score first, without overlaps
 */
export async function findFaces(
  { detector, mesh }: FaceNetworks,
  image: PixelImage,
  minimumScore: number,
  need: FaceNeed,
): Promise<ConfirmedFace[]> {
  const shrink = shrinkLazily(image);
  let faces: ConfirmedFace[] = [];

  const search = async (options: LevelOptions, isRepeated = false) => {
    const { small, block } = shrink(options.side);
    const level = onShrunkImage(planLevel(image, options), block);
    const found = await detector.search(small, level, minimumCandidateScore);
    const candidates = suppressOverlaps(
      found.map((candidate) => fromShrunkImage(candidate, block)),
      isSameCandidate,
    );
    const isKnown = (candidate: Candidate) => faces.some((face) => isSameCandidate(face, candidate));
    const unknown = candidates.filter((candidate) => isRepeated || !isKnown(candidate));
    const confirmed = await confirmCandidates(mesh, image, unknown, minimumScore);
    faces = suppressOverlaps([...faces, ...confirmed], isSameFace);
  };

  for (const side of levelSides.filter((length) => isUsefulLevel(image, length))) {
    await search({ side, margin });
    const sizes = faces.map((face) => face.side);
    if (!needsFinerLevel(image, side, sizes, need)) break;
  }
  for (const options of rescueLevels) if (faces.length === 0) await search(options);
  if (faces.length > 0 && faces[0]!.score < uprightScore) await search(upsideDownLevel, true);
  return faces;
}

function isSameCandidate(first: Square, second: Square): boolean {
  return overlap(first, second) > maximumOverlap;
}

function isSameFace(first: Square, second: Square): boolean {
  return isSameCandidate(first, second) || containment(first, second) > maximumContainment;
}

/**
 * Returns a function that returns a smaller copy of the image for a level, and the pixels of the image for each of its pixels.
 * The coarse levels share a copy.
 */
function shrinkLazily(image: PixelImage) {
  const copies = new Map<number, PixelImage>([[1, image]]);
  return (side: number): { readonly small: PixelImage; readonly block: number } => {
    const size = Math.max(side, levelSides[1]);
    const block = Math.max(1, Math.floor(Math.max(image.height, image.width) / size));
    const small = copies.get(block) ?? averageBlocks(image, block);
    copies.set(block, small);
    return { small, block };
  };
}

/** Changes a level of the whole image to one of the shrunk image, whose pixel x is centred at block · (x + ½) − ½. */
function onShrunkImage(level: SearchLevel, block: number): SearchLevel {
  const { a, b, x0, y0 } = level.transform;
  const offset = (block - 1) / 2;
  const transform = {
    a: a * block,
    b: b * block,
    x0: x0 + (a - b) * offset,
    y0: y0 + (a + b) * offset,
  };
  return { ...level, transform };
}

function fromShrunkImage({ center, side, score, eyes }: Candidate, block: number): Candidate {
  const map = ([x, y]: Candidate['center']): Candidate['center'] => [
    block * (x + 0.5) - 0.5,
    block * (y + 0.5) - 0.5,
  ];
  return { center: map(center), side: side * block, score, eyes: [map(eyes[0]), map(eyes[1])] };
}
