import {
  type Backbone,
  ConfigError,
  type RecordedEmbeddings,
  recordEmbeddings,
  withBatchStatistics,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** The rows of a rank, and how they are embedded. */
export interface RowsOfRank {
  readonly backbone: Backbone;
  /** `[rows, height, width, channels]`; there may be no rows. */
  readonly images: tf.Tensor4D;
  /** Seed of the dropout masks of this rank. */
  readonly seed: number;
  /** Sums the statistics of batch norms over the ranks at once; null: those of each rank are of its own rows. */
  readonly sumStatistics: ((values: Float64Array) => void) | null;
}

/**
 * Computes the embeddings of the rows of a rank, `[rows, embeddingSize]`. If batch norms sum their statistics over the ranks, a rank without rows
 * embeds an image that counts for nothing, because all ranks take part in every sum, forward and backward.
 * @throws what the network throws; ConfigError if its batch norms cannot sum their statistics
 */
export function embedRows({ backbone, images, seed, sumStatistics }: RowsOfRank): RecordedEmbeddings {
  const isTrained = backbone.trainable.length > 0;
  const hasRows = images.shape[0] > 0;
  const isShared = sumStatistics !== null && isTrained && (backbone.statistics ?? []).length > 0;
  if (!hasRows && !isShared) return unrecorded(emptyRows(backbone.embeddingSize));
  const embed = () => {
    const rows = hasRows
      ? images
      : tf.zeros<tf.Rank.R4>([1, ...images.shape.slice(1)] as typeof images.shape);
    return backbone.forward(rows, { training: isTrained, seed });
  };
  // Without a tape, which would keep every intermediate result of a frozen backbone.
  if (!isTrained) return unrecorded(tf.tidy(embed));
  if (!isShared) return recordEmbeddings(embed, backbone.trainable);
  const recorded = recordEmbeddings(
    () => embedTogether(backbone, embed, hasRows, sumStatistics),
    backbone.trainable,
  );
  return hasRows ? recorded : standIn(recorded, backbone.embeddingSize);
}

/** Returns embeddings of no rows, `[0, embeddingSize]`. */
export function emptyRows(embeddingSize: number): tf.Tensor2D {
  return tf.tensor2d(new Float32Array(0), [0, embeddingSize]);
}

function unrecorded(embeddings: tf.Tensor2D): RecordedEmbeddings {
  return { embeddings, backward: function* () {}, dispose: () => embeddings.dispose() };
}

function embedTogether(
  { name }: Backbone,
  embed: () => tf.Tensor2D,
  hasRows: boolean,
  sumStatistics: (values: Float64Array) => void,
): tf.Tensor2D {
  let isSummed = false;
  const sum = (values: Float64Array) => {
    isSummed = true;
    sumStatistics(values);
  };
  const embeddings = withBatchStatistics({ hasRows, sum }, embed);
  if (isSummed) return embeddings;
  throw new ConfigError(
    `Trainer: the batch norms of '${name}' cannot sum their statistics over the ranks; those of the networks of @openset/backbones can. Train ` +
      'such a network, or remove syncBatchNorm.',
  );
}

/** Returns what a rank without rows has of an image that counts for nothing: no embeddings, and a backward pass without gradients. */
function standIn(recorded: RecordedEmbeddings, embeddingSize: number): RecordedEmbeddings {
  const embeddings = emptyRows(embeddingSize);
  return {
    embeddings,
    *backward() {
      const none = tf.zeros<tf.Rank.R2>([1, embeddingSize]);
      try {
        for (const final of recorded.backward(none)) {
          tf.dispose(final.map(([, gradient]) => gradient));
          yield [];
        }
      } finally {
        none.dispose();
      }
    },
    dispose() {
      embeddings.dispose();
      recorded.dispose();
    },
  };
}
