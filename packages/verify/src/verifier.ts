import {
  type Backbone,
  ConfigError,
  checkNumber,
  checkQuestion,
  DataError,
  type EmbeddingEngine,
  embedImages,
  hasSynchronousReads,
  type ImageBatchShape,
  ShapeError,
  shapeText,
  type ThresholdQuestion,
} from '@openset/core';

import { logisticProbability } from '@openset/metrics';
import * as tf from '@tensorflow/tfjs-core';
import { type Calibration, usableCalibration } from './calibration.ts';
import { compareEmbeddings, type Verification } from './compare-embeddings.ts';
import { normalise } from './embedding-rows.ts';
import { withMirrorImages } from './mirror-images.ts';
import { estimateThreshold } from './threshold-estimate.ts';

/** Options of a verifier. */
export interface VerifierOptions {
  /** Trained backbone. The caller owns it and disposes of it. */
  readonly backbone: Backbone;
  /**
   * Accept iff the cosine of two embeddings is at least this; from -1 to 1. Either a threshold learned in training by a
   * loss whose `threshold().between` is `'embeddings'`, or a calibrated one.
   */
  readonly threshold: number;
  /** Question that the threshold answers; default null, unknown. It is carried, not used. */
  readonly question?: ThresholdQuestion | null;
  /** Curve for probabilities; default none. A curve that falls as the cosine rises is not used. */
  readonly calibration?: Calibration | null;
  /** Whether the embedding is f(x) + f(mirrored x), as the papers test; default true. */
  readonly flipSum?: boolean;
  /** Number of images in a forward pass; default 32. */
  readonly batchSize?: number;
  /**
   * Computes the embeddings, such as `onnxEngine` of `@openset/onnx`; it must run the same network. Default: the backbone itself, on
   * the active backend. The caller owns it and disposes of it.
   */
  readonly engine?: EmbeddingEngine | null;
}

/** Images as plain numbers, row-major. */
export interface ImageBatch {
  /** `[count, height, width, channels]`, in the value range of the backbone's training. */
  readonly images: Float32Array;
  /** Shape of the batch. */
  readonly shape: ImageBatchShape;
}

/** Options of a calibration on pairs. */
export interface CalibrationOptions {
  /** Largest false accept rate, in [0, 1]: short for the question `{ kind: 'far', rate: far }`. */
  readonly far?: number;
  /** Question that the threshold answers; default: pairs of which half show the same identity. Excludes `far`. */
  readonly question?: ThresholdQuestion;
}

/**
 * A trained backbone with one threshold. Decides whether two images show the same identity, and with what probability.
 *
 * @example
 * import { smallCnn } from '@openset/backbones';
 * import { Verifier } from '@openset/verify';
 * import * as tf from '@tensorflow/tfjs';
 *
 * const backbone = smallCnn({ channels: 1 }); // and train it
 * const verifier = new Verifier({ backbone, threshold: 0.5 });
 * const [first, second] = [tf.randomUniform([28, 28, 1]), tf.randomUniform([28, 28, 1])] as [tf.Tensor3D, tf.Tensor3D];
 * const { same, cosine } = await verifier.verify(first, second);
 * console.log(same, cosine);
 */
export class Verifier {
  /** The network; the caller disposes of it. */
  readonly backbone: Backbone;
  /** Two images show the same identity if the cosine of their embeddings is at least this; from -1 to 1. */
  readonly threshold: number;
  /**
   * Question that the threshold answers, such as pairs of which half are the same person; null if unknown. A threshold for one
   * question is too strict or too lenient for others. `describeQuestion` puts it into words.
   */
  readonly question: ThresholdQuestion | null;
  /** Null if there is none, or if the given one falls as the cosine rises. */
  readonly calibration: Calibration | null;
  /** Whether an embedding is the sum of those of the image and of its mirror image. */
  readonly flipSum: boolean;
  /** Computes the embeddings; null for the backbone itself. */
  readonly engine: EmbeddingEngine | null;
  private readonly batchSize: number;

  /** @throws ConfigError if the threshold, its question or the calibration is out of range */
  constructor(options: VerifierOptions) {
    const { backbone, threshold, question = null, calibration = null } = options;
    const { flipSum = true, batchSize = 32, engine = null } = options;
    checkNumber('Verifier: threshold', threshold, { minimum: -1, maximum: 1 });
    checkNumber('Verifier: batchSize', batchSize, { minimum: 1, integer: true });
    if (question) checkQuestion(question);
    if (calibration) {
      checkNumber('Verifier: calibration.slope', calibration.slope);
      checkNumber('Verifier: calibration.offset', calibration.offset);
    }
    this.backbone = backbone;
    this.threshold = threshold;
    this.question = question;
    this.calibration = calibration && usableCalibration(calibration);
    this.flipSum = flipSum;
    this.engine = engine;
    this.batchSize = batchSize;
  }

  /**
   * Returns the embeddings of images, at unit length.
   *
   * @param images `[count, height, width, channels]` float32, in the value range of the backbone's training
   * @returns one array of `embeddingSize` numbers for each image
   * @throws ShapeError if the images have another shape; DataError if an embedding has no direction
   */
  async embed(images: tf.Tensor4D): Promise<Float32Array[]> {
    return this.embedFrom(0, images);
  }

  /** @param firstIndex index of the first image, for error messages */
  private async embedFrom(firstIndex: number, images: tf.Tensor4D): Promise<Float32Array[]> {
    if (images.rank !== 4) {
      throw new ShapeError(
        `The images have shape ${shapeText(images.shape)}, but must be [count, height, width, channels].`,
      );
    }
    if (this.engine) {
      const values = hasSynchronousReads() ? images.dataSync() : await images.data();
      return this.embedArrays(firstIndex, this.engine, values as Float32Array, images.shape);
    }
    const embeddings: Float32Array[] = [];
    for (let first = 0; first < images.shape[0]; first += this.batchSize) {
      const count = Math.min(this.batchSize, images.shape[0] - first);
      const rows = tf.tidy(() => embedImages(this.backbone, tf.slice(images, first, count), this));
      const values = hasSynchronousReads() ? rows.dataSync() : await rows.data();
      rows.dispose();
      embeddings.push(...this.unitRows(values as Float32Array, firstIndex + first));
    }
    return embeddings;
  }

  /** Embeds plain arrays with the engine. A pass has `batchSize` images, mirror images included. */
  private async embedArrays(
    firstIndex: number,
    engine: EmbeddingEngine,
    images: Float32Array,
    [total, ...axes]: ImageBatchShape,
  ): Promise<Float32Array[]> {
    const imageSize = axes[0] * axes[1] * axes[2];
    const most = this.flipSum ? Math.max(1, Math.floor(this.batchSize / 2)) : this.batchSize;
    const embeddings: Float32Array[] = [];
    for (let first = 0; first < total; first += most) {
      const count = Math.min(most, total - first);
      const part = images.subarray(first * imageSize, (first + count) * imageSize);
      const rows = this.flipSum
        ? addHalves(await engine.embed(withMirrorImages(part, [count, ...axes]), [2 * count, ...axes]))
        : await engine.embed(part, [count, ...axes]);
      embeddings.push(...this.unitRows(rows, firstIndex + first));
    }
    return embeddings;
  }

  /** Returns the rows of a matrix of raw embeddings, at unit length. */
  private unitRows(values: Float32Array, firstIndex: number): Float32Array[] {
    const size = this.backbone.embeddingSize;
    return Array.from({ length: values.length / size }, (_, row) =>
      normalise(values.subarray(row * size, (row + 1) * size), `The embedding of image ${firstIndex + row}`),
    );
  }

  /**
   * Returns the embeddings of batches of plain arrays, such as those of a loader of `@openset/data` with `shuffle: false`.
   * @returns one array of `embeddingSize` numbers for each image, in the order of the batches
   * @throws like `embed`; image numbers in messages start at the first batch
   */
  async embedBatches(batches: AsyncIterable<ImageBatch>): Promise<Float32Array[]> {
    const embeddings: Float32Array[] = [];
    for await (const { images, shape } of batches) {
      if (this.engine) {
        embeddings.push(...(await this.embedArrays(embeddings.length, this.engine, images, shape)));
        continue;
      }
      const tensor = tf.tensor4d(images, [...shape]);
      try {
        embeddings.push(...(await this.embedFrom(embeddings.length, tensor)));
      } finally {
        tensor.dispose();
      }
    }
    return embeddings;
  }

  /**
   * Compares two images.
   * @param a `[height, width, channels]`, in the value range of `embed`
   * @param b likewise
   * @throws like `embed`
   */
  async verify(a: tf.Tensor3D, b: tf.Tensor3D): Promise<Verification> {
    const [first, second] = await this.embedEach(a, b);
    return this.compare(first!, second!);
  }

  /**
   * Compares two embeddings. They need not have unit length.
   * @param a from `embed`, or another embedding of the same network
   * @param b likewise
   * @throws ShapeError if they differ in their number of values; DataError if one is no array, is all zeros, or has a value
   *   that is not a finite number
   */
  compare(a: Float32Array, b: Float32Array): Verification {
    return compareEmbeddings(a, b, this);
  }

  /**
   * Returns the probability of "same" at a cosine; null without a calibration.
   * @throws ConfigError if the cosine is not a finite number
   */
  probability(similarity: number): number | null {
    checkNumber('probability: similarity', similarity);
    return this.calibration && logisticProbability(this.calibration, similarity);
  }

  /**
   * Returns a verifier of the same backbone whose threshold and probabilities come from pairs of your own. Use it if your
   * data differ from the training data. `estimateThreshold` finds them, with an interval. It has no calibration if the model is
   * no better than chance on the pairs; the threshold is then that of the highest accuracy on them.
   *
   * @param cosines `[pairs]`, from `compare`
   * @param isSame `[pairs]`: true or 1 if both images show the same identity
   * @throws DataError if a kind of pairs is missing; ConfigError if no cosine meets `far`, or for a question out of range;
   *   MetricsError if a cosine is not finite or lengths differ
   */
  withCalibration(
    cosines: ArrayLike<number>,
    isSame: ArrayLike<boolean | number>,
    { far, question }: CalibrationOptions = {},
  ): Verifier {
    if (far !== undefined) {
      checkNumber('withCalibration: far', far, { minimum: 0, maximum: 1 });
      if (question) throw new ConfigError('withCalibration: give far or question, not both.');
    }
    const negatives = Array.from(cosines).filter((_, pair) => !isSame[pair]);
    if (negatives.length === 0 || negatives.length === cosines.length) {
      throw new DataError(
        'A calibration needs pairs of the same identity and pairs of different ones, but found ' +
          `${cosines.length - negatives.length} and ${negatives.length}: add the missing kind.`,
      );
    }
    const asked = far === undefined ? question : { kind: 'far' as const, rate: far };
    const estimate = estimateThreshold({ cosines, isSame }, asked, { samples: 0 });
    if (!estimate) {
      const rate = asked?.kind === 'far' ? asked.rate : 0;
      throw new ConfigError(
        `No cosine up to 1 accepts at most ${rate} of the ${negatives.length} pairs of different identities: some of ` +
          'them have cosine 1. Check whether two copies of one image are marked as different.',
      );
    }
    const { backbone, flipSum, batchSize, engine } = this;
    return new Verifier({ backbone, flipSum, batchSize, engine, ...estimate });
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
}

/** Adds the first half of an array and the second: embeddings of images, and of their mirror images. */
function addHalves(rows: Float32Array): Float32Array {
  const half = rows.length / 2;
  const sum = rows.subarray(0, half);
  for (let index = 0; index < half; index++) sum[index]! += rows[half + index]!;
  return sum;
}
