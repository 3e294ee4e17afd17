import { checkChoice, checkNumber, DataError, ShapeError } from '@openset/core';
import type { Random } from './augment.ts';
import { betaNumber } from './beta.ts';

/** Mixing of the images of a batch with one another, as plain data. */
export interface MixOptions {
  /** `'mixup'` (Zhang et al. 2018) blends whole images; `'cutmix'` (Yun et al. 2019) pastes a rectangle. */
  readonly kind: 'mixup' | 'cutmix';
  /** α of Beta(α, α), which the share of the first image is drawn from; default 1, even. */
  readonly alpha?: number;
  /** How many of the batches are mixed; default 1, all. */
  readonly probability?: number;
}

/** What every image of a batch was mixed with. */
export interface Mixed {
  /** `[batch]`: the row of the batch that each row was mixed with; itself where nothing was mixed. */
  readonly partners: Int32Array;
  /** λ: the share of the row's own image and class, 0 to 1, the same for the whole batch; `1 − λ` is the partner's. */
  readonly share: number;
}

/** @throws ConfigError for options out of their range */
export function checkMix({ kind, alpha = 1, probability = 1 }: MixOptions): void {
  checkChoice('mix: kind', kind, ['mixup', 'cutmix']);
  checkNumber('mix: alpha', alpha, { minimum: Number.MIN_VALUE });
  checkNumber('mix: probability', probability, { minimum: 0, maximum: 1 });
}

/**
 * Mixes the images of a batch with one another, in place: one λ from Beta(α, α) and one random order for all.
 *
 * @param images `[batch, height, width, channels]`, changed
 * @returns who was mixed with whom and the share; for CutMix the share is that of the pixels
 * @throws ShapeError if `images` is not as long as its shape says; ConfigError for options out of their range
 */
export function mixBatch(
  images: Float32Array,
  shape: readonly [batch: number, height: number, width: number, channels: number],
  random: Random,
  options: MixOptions,
): Mixed {
  checkMix(options);
  const { kind, alpha = 1, probability = 1 } = options;
  const [batch, height, width, channels] = shape;
  if (images.length !== batch * height * width * channels) {
    throw new ShapeError(`mixBatch: [${shape.join(', ')}] does not go with ${images.length} values.`);
  }
  const partners = Int32Array.from({ length: batch }, (_, row) => row);
  if (!(random() < probability)) return { partners, share: 1 };
  const drawn = betaNumber(alpha, random);
  for (let row = batch - 1; row > 0; row--) {
    const other = Math.floor(random() * (row + 1));
    [partners[row], partners[other]] = [partners[other]!, partners[row]!];
  }
  if (kind === 'mixup') {
    // Rounded once, so that pixels and targets have the same share.
    const share = Math.fround(drawn);
    alongCycles(images, partners, (row, partner) => {
      for (let index = 0; index < row.length; index++) {
        row[index] = share * row[index]! + (1 - share) * partner[index]!;
      }
    });
    return { partners, share };
  }
  const box = randomBox(height, width, 1 - drawn, random);
  alongCycles(images, partners, (row, partner) => {
    for (let y = box.top; y < box.bottom; y++) {
      const start = (y * width + box.left) * channels;
      const end = (y * width + box.right) * channels;
      row.set(partner.subarray(start, end), start);
    }
  });
  const area = (box.bottom - box.top) * (box.right - box.left);
  return { partners, share: Math.fround(1 - area / (height * width)) };
}

/** A rectangle with the proportions of the image and a share of its area, around any pixel, cut at the edges. */
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
 * Changes every row with the help of its partner's old values, with one row of extra memory: goes along each cycle of
 * the order, where a partner is changed only after the row that needs it, except the first.
 */
function alongCycles(
  images: Float32Array,
  partners: Int32Array,
  change: (row: Float32Array, partner: Float32Array) => void,
): void {
  const length = images.length / partners.length;
  const rowOf = (row: number) => images.subarray(row * length, (row + 1) * length);
  const done = new Uint8Array(partners.length);
  for (let first = 0; first < partners.length; first++) {
    if (done[first] || partners[first] === first) continue;
    const saved = rowOf(first).slice();
    let row = first;
    do {
      done[row] = 1;
      const partner = partners[row]!;
      change(rowOf(row), partner === first ? saved : rowOf(partner));
      row = partner;
    } while (row !== first);
  }
}

/**
 * Targets for the losses' soft form: λ at the own class and `1 − λ` at the partner's, summed where they are the same.
 *
 * @param labels `[batch]`, in `[0, numClasses)`
 * @returns `[batch, numClasses]`, rows that sum to 1
 * @throws DataError for a label that is not a class
 */
export function softTargets(
  labels: Int32Array,
  { partners, share }: Mixed,
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
