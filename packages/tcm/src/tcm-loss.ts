import {
  type BankLossOptions,
  bankLossOptions,
  describeLoss,
  type LossContext,
  type LossStep,
  makeStep,
  normalizeRows,
  normalizeRowsGradient,
  type OpenSetLoss,
  operation,
  resolveLossOptions,
  StatefulLoss,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** Options of `TcmLoss`. The defaults are those of pytorch-metric-learning. */
export interface TcmLossOptions extends BankLossOptions {
  /** Weight of the pairs of the same class, at least 0; default 1. */
  readonly positiveWeight?: number;
  /** Weight of the pairs of different classes, at least 0; default 1. */
  readonly negativeWeight?: number;
  /** m⁺ in `[−1, 1]`: pairs of the same class with at most this cosine count; default 0.9. */
  readonly positiveMargin?: number;
  /** m⁻ in `[−1, 1]`: pairs of different classes with at least this cosine count; default 0.5. */
  readonly negativeMargin?: number;
}

const weight = { type: 'number', minimum: 0, default: 1 } as const;
const margin = { type: 'number', minimum: -1, maximum: 1 } as const;

/** The descriptor of `TcmLoss`. */
export const tcmDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'TcmLoss',
  package: '@openset/tcm',
  summary:
    'TCM: a regularizer that moves hard pairs past two fixed cosines, so that one threshold suits all classes',
  use: 'in a CombinedLoss beside a loss over class weights',
  source:
    'Zhang et al. 2024 (ICLR), arXiv 2307.04047; ThresholdConsistentMarginLoss of pytorch-metric-learning',
  threshold: null,
  hasClassWeights: false,
  words: {},
  options: {
    positiveWeight: { ...weight, description: 'weight of the pairs of the same class' },
    negativeWeight: { ...weight, description: 'weight of the pairs of different classes' },
    positiveMargin: {
      ...margin,
      default: 0.9,
      symbol: 'm⁺',
      description: 'largest cosine at which a pair of the same class counts',
    },
    negativeMargin: {
      ...margin,
      default: 0.5,
      symbol: 'm⁻',
      description: 'smallest cosine at which a pair of different classes counts',
    },
    ...bankLossOptions,
  },
  create: (options: TcmLossOptions): OpenSetLoss => new TcmLoss(options),
  conformance: [{ options: { negativeMargin: -0.2 } }],
  fixtures: { tcm: (config) => config },
}));

/**
 * Threshold-consistent margin (Zhang et al. 2024, arXiv 2307.04047): over the ordered pairs of the batch,
 * `w⁺ · mean(m⁺ − cos)` of those of the same class with `cos ≤ m⁺`, plus `w⁻ · mean(cos − m⁻)` of those of different classes with
 * `cos ≥ m⁻`. An empty set counts 0. It has no class weights and no state, and it is one value for the batch.
 */
export class TcmLoss extends StatefulLoss {
  private readonly settings: Required<Omit<TcmLossOptions, keyof BankLossOptions>>;

  /** @throws ConfigError for an option that is missing, unknown or out of range */
  constructor(options: TcmLossOptions) {
    const resolved = resolveLossOptions(tcmDescriptor, options);
    super('TcmLoss', options);
    this.settings = resolved;
  }

  forward(embeddings: tf.Tensor2D, labels: tf.Tensor1D | tf.Tensor2D, context?: LossContext): LossStep {
    const checked = this.checkHardBatch(embeddings, labels, context);
    const { positiveWeight, negativeWeight, positiveMargin, negativeMargin } = this.settings;
    const loss = () =>
      operation<tf.Scalar>(
        [embeddings],
        () => {
          const { cosines, unit, ...pairs } = this.hardPairs(embeddings, checked);
          const slopeOf = (mask: tf.Tensor, factor: number) =>
            tf.div(tf.mul(mask, factor), tf.maximum(tf.sum(mask), 1));
          const positive = slopeOf(pairs.positive, -positiveWeight);
          const negative = slopeOf(pairs.negative, negativeWeight);
          const value = tf.add(
            tf.sum(tf.mul(positive, tf.sub(cosines, positiveMargin))),
            tf.sum(tf.mul(negative, tf.sub(cosines, negativeMargin))),
          );
          return { value: value as tf.Scalar, saved: [embeddings, tf.add(positive, negative)] };
        },
        (dy, [saved, slopes]) => {
          const rows = normalizeRows(saved as tf.Tensor2D);
          // Each pair is there in both orders, so the matrix is symmetric.
          const direct = tf.mul(tf.matMul(slopes as tf.Tensor2D, rows.unit), tf.mul(dy, 2)) as tf.Tensor2D;
          const radial = tf.sum(tf.mul(direct, rows.unit), 1, true) as tf.Tensor2D;
          return [normalizeRowsGradient(rows, direct, radial)];
        },
      );
    return makeStep(() => ({ loss: loss() }));
  }

  /** Returns `hardPositivePairs` and `hardNegativePairs`: how many ordered pairs of the batch count. */
  async inspect(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D,
  ): Promise<{ hardPositivePairs: ArrayLike<number>; hardNegativePairs: ArrayLike<number> }> {
    const [positive, negative] = tf.tidy(() => {
      const pairs = this.hardPairs(embeddings, labels);
      return [tf.sum(pairs.positive), tf.sum(pairs.negative)] as const;
    });
    const [hardPositivePairs, hardNegativePairs] = await Promise.all([positive.data(), negative.data()]);
    tf.dispose([positive, negative]);
    return { hardPositivePairs, hardNegativePairs };
  }

  /** Returns all cosines of the batch, and which ordered pairs count, `[batch, batch]` float32. */
  private hardPairs(embeddings: tf.Tensor2D, labels: tf.Tensor1D) {
    const { positiveMargin, negativeMargin } = this.settings;
    const batch = embeddings.shape[0];
    const { unit } = normalizeRows(embeddings);
    const cosines = tf.matMul(unit, unit, false, true);
    const classes = tf.cast(labels, 'float32');
    const difference = tf.sub(tf.reshape(classes, [batch, 1]), tf.reshape(classes, [1, batch]));
    // Operands of one shape, because comparisons of stock tfjs-wasm are slow at expanding them.
    const compared = (isTrue: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, value: tf.Tensor, bound: number) =>
      tf.cast(isTrue(value, tf.fill([batch, batch], bound)), 'float32');
    const same = compared(tf.equal, difference, 0);
    const isPair = tf.sub(1, tf.eye(batch));
    const positive = tf.mul(tf.mul(same, isPair), compared(tf.lessEqual, cosines, positiveMargin));
    const negative = tf.mul(tf.sub(1, same), compared(tf.greaterEqual, cosines, negativeMargin));
    return { cosines, unit, positive, negative };
  }
}
