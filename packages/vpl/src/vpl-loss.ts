import {
  assignRows,
  ClassWeightsLoss,
  type ClassWeightsLossOptions,
  classWeightsLossOptions,
  describeLoss,
  type LossContext,
  type LossStep,
  makeStep,
  normalizeRows,
  normalValues,
  type OpenSetLoss,
  resolveLossOptions,
  ShapeError,
  scaleOption,
  shapeText,
  stopGradient,
  suitableStrength,
  writeRows,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** Options of `VplLoss`. The defaults are those of the official code. */
export interface VplLossOptions extends ClassWeightsLossOptions {
  /** s, the factor of the cosines, above 0; default 64. */
  readonly scale?: number;
  /** m, at least 0: of a cosine, or an angle in radians; default 0.4. */
  readonly margin?: number;
  /** Kind of the margin: `'cosine'` (default, over CosFace) or `'angular'` (over ArcFace). */
  readonly marginType?: 'cosine' | 'angular';
  /** λ in `[0, 1]`: share of the remembered sample in a class's vector; default 0.15. */
  readonly injection?: number;
  /** Steps for which a remembered sample counts, at least 0; default 200. */
  readonly maximumAge?: number;
  /** Steps before the first one that mixes samples in, at least 0; default 8000. Should exceed `maximumAge`. */
  readonly startIteration?: number;
}

const steps = { type: 'number', integer: true, minimum: 0 } as const;

/** The descriptor of `VplLoss`. */
export const vplDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'VplLoss',
  package: '@openset/vpl',
  summary: 'VPL: CosFace or ArcFace whose class weights have the latest sample of the class mixed in',
  use: 'for verification, when each class is seen every few hundred steps',
  source: 'Deng et al. 2021 (CVPR), Variational Prototype Learning; recognition/vpl of insightface',
  threshold: null,
  hasClassWeights: true,
  words: { vpl: { options: (numIdentities) => suitableStrength(numIdentities) } },
  options: {
    scale: scaleOption,
    margin: {
      type: 'number',
      minimum: 0,
      default: 0.4,
      symbol: 'm',
      description: 'margin of the target class',
    },
    marginType: {
      type: 'choice',
      choices: ['cosine', 'angular'],
      default: 'cosine',
      description: 'kind of the margin; an angle is in radians',
    },
    injection: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0.15,
      symbol: 'λ',
      description: "share of the remembered sample in a class's vector",
    },
    maximumAge: { ...steps, default: 200, description: 'steps for which a remembered sample counts' },
    startIteration: {
      ...steps,
      default: 8000,
      description: 'steps before the first one that mixes samples in',
    },
    ...classWeightsLossOptions,
  },
  create: (options: VplLossOptions): OpenSetLoss => new VplLoss(options),
  conformance: [
    { options: { scale: 16, injection: 0.3, startIteration: 0 } },
    { name: 'angular', options: { scale: 16, marginType: 'angular', startIteration: 0 } },
  ],
  fixtures: {
    'vpl-cosface': (config) => config,
    'vpl-arcface': (config) => ({ ...config, marginType: 'angular' }),
  },
}));

/**
 * Variational prototype learning (Deng et al. 2021). A class scores with `(1 − λ) ŵ_j + λ M_j`, where M_j is its latest sample, as
 * long as that is at most `maximumAge` steps old. Softmax cross-entropy with a margin, mean over the batch. `commit` remembers
 * the samples of the batch, so a batch never sees its own.
 *
 * The official code clips probabilities at 1e-30; here nothing overflows without it.
 */
export class VplLoss extends ClassWeightsLoss {
  /** `[numClasses, embeddingSize]`: latest sample M of each class, of unit length; at first random. */
  readonly sampleMemory: tf.Variable;
  /** `[numClasses]` int32: the step in which each class was remembered; 0 for a class never seen. */
  readonly memoryIterations: tf.Variable;
  /** `[1]` int32: the number of the next step, counted from 1. */
  readonly iteration: tf.Variable;
  private readonly settings: { injection: number; maximumAge: number; startIteration: number };

  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: VplLossOptions) {
    const { scale, margin, marginType, seed, ...settings } = resolveLossOptions(vplDescriptor, options);
    super('VplLoss', options, { criterion: 'softmax', scale, margins: [{ kind: marginType, margin }] }, null);
    this.settings = settings;
    const { numClasses, embeddingSize } = this;
    // The weights are drawn from `seed`, so the memory uses the next one.
    const initial = tf.tidy(() =>
      tf.keep(normalizeRows(normalValues([numClasses, embeddingSize], 1, seed + 1)).unit),
    );
    this.sampleMemory = this.addMemory('memory', initial);
    this.memoryIterations = this.addMemory('memoryIterations', tf.zeros([numClasses], 'int32'));
    this.iteration = this.addMemory('iteration', tf.tensor1d([1], 'int32'));
  }

  override forward(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D | tf.Tensor2D,
    context?: LossContext,
  ): LossStep {
    return this.forwardWithMemory(embeddings, labels, embeddings, context);
  }

  /**
   * Returns the step of a batch that remembers other embeddings of its images, as of a slowly moving copy of the network.
   * @param remembered `[batch, embeddingSize]`, not normalised
   * @throws ShapeError if its shape is not that of `embeddings`
   */
  forwardWithMemory(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D | tf.Tensor2D,
    remembered: tf.Tensor2D,
    context?: LossContext,
  ): LossStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    if (!tf.util.arraysEqual(remembered.shape, embeddings.shape)) {
      throw new ShapeError(
        `${this.name}: the embeddings to remember must have shape ${shapeText(embeddings.shape)}, but have ${shapeText(remembered.shape)}.`,
      );
    }
    return makeStep((hold) => {
      const rows = hold(stopGradient(() => normalizeRows(remembered).unit));
      const classes = hold(stopGradient(() => tf.clone(checked)));
      const mixture = { rows: this.sampleMemory as tf.Tensor2D, shares: this.shares() };
      return {
        ...this.score(embeddings, checked, hold, { context, mixture }),
        commit: () => {
          assignRows(this.sampleMemory, classes, rows);
          const steps = tf.add(tf.zeros([classes.size, 1], 'int32'), this.iteration);
          const before = tf.reshape(this.memoryIterations, [-1, 1]) as tf.Tensor2D;
          const after = writeRows(before, classes, steps as tf.Tensor2D);
          this.memoryIterations.assign(tf.reshape(after, [this.numClasses]));
          this.iteration.assign(tf.add(this.iteration, tf.scalar(1, 'int32')));
        },
      };
    });
  }

  /** Returns `injected`: for each class, 1 if its remembered sample would count in the next step, else 0. */
  async inspect(): Promise<{ injected: number[] }> {
    const shares = tf.tidy(() => this.shares());
    const values = await shares.data();
    shares.dispose();
    return { injected: Array.from(values, (share) => Number(share > 0)) };
  }

  /** Returns λ_j of each class, `[numClasses]`. */
  private shares(): tf.Tensor1D {
    const { injection, maximumAge, startIteration } = this.settings;
    return stopGradient(() => {
      const age = tf.sub(this.iteration, this.memoryIterations);
      const isRecent = tf.lessEqual(age, tf.scalar(maximumAge, 'int32'));
      const hasStarted = tf.greater(this.iteration, tf.scalar(startIteration, 'int32'));
      const counts = tf.cast(tf.logicalAnd(isRecent, hasStarted), 'float32');
      return tf.mul(counts, injection) as tf.Tensor1D;
    });
  }
}
