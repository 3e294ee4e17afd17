import type { Point } from '@openset/data';
import type { Candidate } from './candidate.ts';

/** One of the two grids of anchors of the detector network, with the network's outputs at it. */
export interface AnchorGrid {
  /** Rows and columns of the grid. */
  readonly height: number;
  readonly width: number;
  /** Pixels of the network's input between neighbouring anchors. */
  readonly stride: number;
  /** Anchors at each place of the grid. */
  readonly anchors: number;
  /** Logits, `[height, width, anchors]`. */
  readonly logits: ArrayLike<number>;
  /**
   * `[height, width, anchors, 16]`: centre relative to the anchor, size, and six points relative to the anchor, each in pixels of
   * the input. The points are both eyes, the nose, the mouth and both ears.
   */
  readonly regressors: ArrayLike<number>;
}

const numbersPerAnchor = 16;

/**
 * Returns the candidates of a grid whose confidence is at least `minimumScore`. Coordinates are pixels of the network's input;
 * the first pixel spans 0 to 1.
 *
 * An anchor lies in the middle of its cell: `(column + ½) · stride`. The confidence is the logistic function of the logit
 * (BlazeFace, Bazarevsky et al. 2019).
 */
export function decodeCandidates(grid: AnchorGrid, minimumScore: number): Candidate[] {
  const { height, width, stride, anchors, logits, regressors } = grid;
  const minimumLogit = Math.log(minimumScore / (1 - minimumScore));
  const candidates: Candidate[] = [];
  for (let index = 0; index < height * width * anchors; index++) {
    const logit = logits[index]!;
    if (!(logit >= minimumLogit)) continue;
    const cell = Math.floor(index / anchors);
    const anchorX = ((cell % width) + 0.5) * stride;
    const anchorY = (Math.floor(cell / width) + 0.5) * stride;
    const start = index * numbersPerAnchor;
    const pointAt = (offset: number): Point => [
      anchorX + regressors[start + offset]!,
      anchorY + regressors[start + offset + 1]!,
    ];
    candidates.push({
      center: pointAt(0),
      side: Math.max(regressors[start + 2]!, regressors[start + 3]!),
      score: 1 / (1 + Math.exp(-logit)),
      eyes: [pointAt(4), pointAt(6)],
    });
  }
  return candidates;
}
