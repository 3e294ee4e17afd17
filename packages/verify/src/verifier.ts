import {
  type Backbone,
  ConfigError,
  checkNumber,
  DataError,
  hasSynchronousReads,
  ShapeError,
  shapeText,
} from '@openset/core';
import {
  bestAccuracy,
  calibrateThreshold,
  type LogisticCurve,
  logisticProbability,
  plattCalibration,
} from '@openset/metrics';
import * as tf from '@tensorflow/tfjs-core';
import { cosine, unit } from './embedding-rows.ts';

/** The curve that turns a cosine into the probability of "same", as `plattCalibration` fits it. */
export type Calibration = LogisticCurve;

/** What a verifier is made of. */
export interface VerifierOptions {
  /** The trained backbone. The verifier does not own it: dispose of it yourself. */
  readonly backbone: Backbone;
  /**
   * Accept when the cosine of two embeddings is at least this; from -1 to 1. The learned threshold of a loss whose
   * `threshold().between` is `'embeddings'`, or a calibrated one.
   */
  readonly threshold: number;
  /** To tell a probability beside the answer. */
  readonly calibration?: Calibration | null;
  /** Whether the embedding is f(x) + f(mirrored x), as the papers test; default true. */
  readonly flipSum?: boolean;
  /** Images that go through the backbone at a time; default 32. */
  readonly batchSize?: number;
}

/** The answer for two images. */
export interface Verification {
  /** Whether `cosine >= threshold`. */
  readonly same: boolean;
  readonly cosine: number;
  readonly threshold: number;
  /** Probability that both show the same identity; null without a calibration. */
  readonly probability: number | null;
}

/** Images as plain numbers, row-major. */
export interface ImageBatch {
  readonly images: Float32Array;
  readonly shape: readonly [count: number, height: number, width: number, channels: number];
}

/** How to choose a threshold from pairs. */
export interface CalibrationOptions {
  /** Accept at most this share of the pairs of different identities, in [0, 1]; default: the most right answers. */
  readonly far?: number;
}

/**
 * A trained backbone with its one threshold: are these two the same, or not, and how sure?
 *
 * @example
 * const verifier = new Verifier({ backbone, threshold: loss.threshold()!.cosine });
 * const { same } = await verifier.verify(imageA, imageB);
 */
export class Verifier {
  readonly backbone: Backbone;
  readonly threshold: number;
  readonly calibration: Calibration | null;
  readonly flipSum: boolean;
  private readonly batchSize: number;

  /** @throws ConfigError if the threshold or the calibration is out of range */
  constructor(options: VerifierOptions) {
    const { backbone, threshold, calibration = null, flipSum = true, batchSize = 32 } = options;
    checkNumber('Verifier: threshold', threshold, { minimum: -1, maximum: 1 });
    checkNumber('Verifier: batchSize', batchSize, { minimum: 1, integer: true });
    if (calibration) {
      checkNumber('Verifier: calibration.slope', calibration.slope);
      checkNumber('Verifier: calibration.offset', calibration.offset);
    }
    this.backbone = backbone;
    this.threshold = threshold;
    this.calibration = calibration && { slope: calibration.slope, offset: calibration.offset };
    this.flipSum = flipSum;
    this.batchSize = batchSize;
  }

  /**
   * The embeddings of images, at unit length.
   *
   * @param images `[count, height, width, channels]` float32, in the range that the backbone was trained with
   * @returns one array of `embeddingSize` numbers for each image
   * @throws ShapeError if the images are of another shape; DataError if an embedding has no direction
   */
  async embed(images: tf.Tensor4D): Promise<Float32Array[]> {
    return this.embedAfter(0, images);
  }

  /** @param before how many images came before these, for messages */
  private async embedAfter(before: number, images: tf.Tensor4D): Promise<Float32Array[]> {
    if (images.rank !== 4) {
      throw new ShapeError(
        `Images must be [count, height, width, channels], but are ${shapeText(images.shape)}.`,
      );
    }
    const embeddings: Float32Array[] = [];
    for (let first = 0; first < images.shape[0]; first += this.batchSize) {
      const count = Math.min(this.batchSize, images.shape[0] - first);
      const rows = tf.tidy(() => this.forward(tf.slice(images, first, count)));
      const values = hasSynchronousReads() ? rows.dataSync() : await rows.data();
      rows.dispose();
      const size = this.backbone.embeddingSize;
      for (let row = 0; row < count; row++) {
        const vector = values.subarray(row * size, (row + 1) * size);
        embeddings.push(unit(vector, `The embedding of image ${before + first + row}`));
      }
    }
    return embeddings;
  }

  /**
   * The embeddings of batches of plain arrays, as a loader of `@openset/data` makes them (with `shuffle: false`).
   * @returns as `embed`, in the order of the batches
   * @throws what `embed` throws; images are counted from the first batch on
   */
  async embedBatches(batches: AsyncIterable<ImageBatch>): Promise<Float32Array[]> {
    const embeddings: Float32Array[] = [];
    for await (const { images, shape } of batches) {
      const tensor = tf.tensor4d(images, [...shape]);
      try {
        embeddings.push(...(await this.embedAfter(embeddings.length, tensor)));
      } finally {
        tensor.dispose();
      }
    }
    return embeddings;
  }

  /**
   * Compares two images.
   * @param a `[height, width, channels]`, as `embed` takes them
   * @param b the same
   * @throws what `embed` throws
   */
  async verify(a: tf.Tensor3D, b: tf.Tensor3D): Promise<Verification> {
    const [first, second] = await this.embedEach(a, b);
    return this.compare(first!, second!);
  }

  /**
   * Compares two embeddings of `embed`.
   * @throws ShapeError if their lengths differ
   */
  compare(a: Float32Array, b: Float32Array): Verification {
    const similarity = cosine(a, b);
    return {
      same: similarity >= this.threshold,
      cosine: similarity,
      threshold: this.threshold,
      probability: this.probability(similarity),
    };
  }

  /** The calibrated probability of "same" at a cosine; null without a calibration. */
  probability(similarity: number): number | null {
    return this.calibration && logisticProbability(this.calibration, similarity);
  }

  /**
   * A verifier of the same backbone with a threshold and probabilities that come from pairs of your own: its data may
   * differ from those the threshold was learned on.
   *
   * @param cosines `[pairs]`: of `compare`
   * @param isSame `[pairs]`: true where both images show the same identity
   * @throws DataError if there are not pairs of both kinds; MetricsError if a cosine is not finite, lengths differ
   */
  calibrated(
    cosines: ArrayLike<number>,
    isSame: ArrayLike<boolean | number>,
    { far }: CalibrationOptions = {},
  ): Verifier {
    if (far !== undefined) checkNumber('calibrated: far', far, { minimum: 0, maximum: 1 });
    const negatives = Array.from(cosines).filter((_, pair) => !isSame[pair]);
    if (negatives.length === 0 || negatives.length === cosines.length) {
      throw new DataError(
        `A calibration needs pairs of both kinds, but of ${cosines.length} pairs ` +
          `${cosines.length - negatives.length} are of the same identity.`,
      );
    }
    const { slope, offset } = plattCalibration(cosines, isSame);
    const threshold =
      far === undefined
        ? Math.min(1, bestAccuracy(cosines, isSame).threshold)
        : calibrateThreshold(negatives, far).threshold;
    if (threshold > 1) {
      throw new ConfigError(
        `No cosine up to 1 accepts at most ${far} of the ${negatives.length} pairs of different identities: some of ` +
          'them have cosine 1. Check whether two copies of one image are marked as different.',
      );
    }
    const { backbone, flipSum, batchSize } = this;
    const calibration = { slope, offset };
    return new Verifier({ backbone, flipSum, batchSize, calibration, threshold: Math.max(-1, threshold) });
  }

  private async embedEach(...images: tf.Tensor3D[]): Promise<Float32Array[]> {
    const results = await Promise.all(
      images.map(async (image) => {
        const batch = tf.expandDims(image, 0) as tf.Tensor4D;
        try {
          return await this.embed(batch);
        } finally {
          batch.dispose();
        }
      }),
    );
    return results.flat();
  }

  private forward(images: tf.Tensor4D): tf.Tensor2D {
    const plain = this.backbone.forward(images);
    return this.flipSum ? tf.add(plain, this.backbone.forward(tf.reverse(images, 2))) : plain;
  }
}
