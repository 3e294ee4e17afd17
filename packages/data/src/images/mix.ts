import { checkChoice, checkNumber, DataError, ShapeError } from '@openset/core';
import { shuffle } from '../shuffle.ts';
import type { Random } from './augmentations.ts';
import { sampleBeta } from './sample-beta.ts';

/** Options for mixing the images of a batch with each other, as plain data. */
export interface MixOptions {
  /** `'mixup'` (Zhang et al. 2018) blends whole images; `'cutmix'` (Yun et al. 2019) pastes a rectangle. */
  readonly kind: 'mixup' | 'cutmix';
  /** α of Beta(α, α), from which the share of a row's own image is drawn; default 1, the uniform distribution. */
  readonly alpha?: number;
  /** Probability that a batch is mixed; default 1. */
  readonly probability?: number;
}

/** The partner of every image of a batch, and the share of each. */
export interface BatchMix {
  /** `[batch]`: the row that each row was mixed with; the row itself if nothing was mixed. */
  readonly partners: Int32Array;
  /** λ: share of a row's own image and class, 0 to 1, one number for the whole batch; its partner has `1 − λ`. */
  readonly share: number;
}

/**
 * Checks mixing options.
 * @throws ConfigError for options out of range
 */
export function checkMix({ kind, alpha = 1, probability = 1 }: MixOptions): void {
  checkChoice('mix: kind', kind, ['mixup', 'cutmix']);
  checkNumber('mix: alpha', alpha, { minimum: Number.MIN_VALUE });
  checkNumber('mix: probability', probability, { minimum: 0, maximum: 1 });
}

/**
 * Mixes the images of a batch with each other, in place: one λ from Beta(α, α) and one random permutation for all.
 *
 * @param images `[batch, height, width, channels]`, modified
 * @returns the partners and the share; for CutMix, the share of the pixels that a row keeps
 * @throws ShapeError if the length of `images` does not match its shape; ConfigError for options out of range
 */
export function mixBatch(
  images: Float32Array,
  shape: readonly [batch: number, height: number, width: number, channels: number],
  random: Random,
  options: MixOptions,
): BatchMix {
  checkMix(options);
  const { kind, alpha = 1, probability = 1 } = options;
  const [batch, height, width, channels] = shape;
  if (images.length !== batch * height * width * channels) {
    throw new ShapeError(
      `mixBatch: images has ${images.length} values, which do not match the shape [${shape.join(', ')}].`,
    );
  }
  const partners = Int32Array.from({ length: batch }, (_, row) => row);
  if (!(random() < probability)) return { partners, share: 1 };
  const lambda = sampleBeta(alpha, random);
  shuffle(partners, random);
  if (kind === 'mixup') {
    // Rounded once, so that pixels and targets use the same share.
    const share = Math.fround(lambda);
    updateAlongCycles(images, partners, (row, partner) => {
      for (let index = 0; index < row.length; index++) {
        row[index] = share * row[index]! + (1 - share) * partner[index]!;
      }
    });
    return { partners, share };
  }
  const box = randomBox(height, width, 1 - lambda, random);
  updateAlongCycles(images, partners, (row, partner) => {
    for (let y = box.top; y < box.bottom; y++) {
      const start = (y * width + box.left) * channels;
      const end = (y * width + box.right) * channels;
      row.set(partner.subarray(start, end), start);
    }
  });
  const area = (box.bottom - box.top) * (box.right - box.left);
  return { partners, share: Math.fround(1 - area / (height * width)) };
}

/**
 * Draws a rectangle with the aspect ratio of the image and a share of its area, centred at a random pixel and clipped at
 * the edges.
 */
function randomBox(height: number, width: number, share: number, random: Random) {
  const boxHeight = Math.floor(height * Math.sqrt(share));
  const boxWidth = Math.floor(width * Math.sqrt(share));
  const top = Math.floor(random() * height) - (boxHeight >> 1);
  const left = Math.floor(random() * width) - (boxWidth >> 1);
  return {
    top: Math.max(0, top),
    left: Math.max(0, left),
    bottom: Math.min(height, top + boxHeight),
    right: Math.min(width, left + boxWidth),
  };
}

/**
 * Updates every row from the original values of its partner, with one row of extra memory: along each cycle of the
 * permutation, a partner is updated after the row that reads it. Only the first row of a cycle must be saved.
 */
function updateAlongCycles(
  images: Float32Array,
  partners: Int32Array,
  update: (row: Float32Array, partner: Float32Array) => void,
): void {
  const length = images.length / partners.length;
  const rowOf = (row: number) => images.subarray(row * length, (row + 1) * length);
  const isUpdated = new Uint8Array(partners.length);
  for (let first = 0; first < partners.length; first++) {
    if (isUpdated[first] || partners[first] === first) continue;
    const saved = rowOf(first).slice();
    let row = first;
    do {
      isUpdated[row] = 1;
      const partner = partners[row]!;
      update(rowOf(row), partner === first ? saved : rowOf(partner));
      row = partner;
    } while (row !== first);
  }
}

/**
 * Returns soft targets for the losses: λ at the class of each row and `1 − λ` at that of its partner, added if both are
 * the same class.
 *
 * @param labels `[batch]`, in `[0, numClasses)`
 * @returns `[batch, numClasses]`; each row sums to 1
 * @throws DataError for a label that is not a class
 */
export function softTargets(
  labels: Int32Array,
  { partners, share }: BatchMix,
  numClasses: number,
): Float32Array {
  const targets = new Float32Array(labels.length * numClasses);
  for (const label of labels) {
    if (label >= 0 && label < numClasses) continue;
    throw new DataError(`softTargets: label ${label} is not a class in [0, ${numClasses}).`);
  }
  labels.forEach((label, row) => {
    targets[row * numClasses + label]! += share;
    targets[row * numClasses + labels[partners[row]!]!]! += 1 - share;
  });
  return targets;
}
