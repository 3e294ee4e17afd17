import { batchStatisticsExchange, withBatchStatistics } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Pass } from './layers/stock-layer.ts';
import { type Network, runSegment } from './network.ts';
import { barrier, networkOperation } from './ops/network-operation.ts';
import type { Segment } from './segment.ts';

/**
 * Returns the embeddings of a batch of images, `[batch, embeddingSize]`.
 * @param checkpointing whether to keep only the inputs of segments, and recompute the rest for the gradients
 */
export function runNetwork(
  network: Pick<Network, 'segments'>,
  images: tf.Tensor,
  pass: Pass,
  checkpointing: boolean,
): tf.Tensor2D {
  return tf.tidy(() => {
    let value: tf.Tensor = images;
    for (const segment of network.segments) {
      const run = checkpointing && pass.training ? runCheckpointed : runSegment;
      const next = run(segment, value, pass);
      if (value !== images) value.dispose();
      value = next;
    }
    // The last layer has a barrier of its own, but it may run inside an operation that hides it.
    return barrier(value) as tf.Tensor2D;
  });
}

/**
 * Runs a segment with gradient checkpointing (Chen et al. 2016, arXiv 1604.06174): first without recording it, then once
 * more, recorded, in the backward pass. The second run repeats the first: it uses the same dropout masks and moves no
 * running statistics. If it exchanges statistics of a batch, the second run exchanges them again.
 */
function runCheckpointed(segment: Segment, x: tf.Tensor, pass: Pass): tf.Tensor {
  const { trainable } = segment;
  const exchange = batchStatisticsExchange();
  return networkOperation(
    // tf.variableGrads finds variables among the inputs of recorded operations.
    [x, ...trainable],
    () => ({ value: runSegment(segment, x, pass), saved: [x] }),
    (dy, [x]) => {
      const run = () => runSegment(segment, x!, { ...pass, replay: true });
      const repeat = exchange ? () => withBatchStatistics(exchange, run) : run;
      return computeNestedGradients(repeat, [x!, ...trainable], dy);
    },
  );
}

/** Computes gradients during the backward pass of an outer tape. tfjs has a single active tape, and clears it. */
function computeNestedGradients(run: () => tf.Tensor, inputs: tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  const { state } = tf.engine();
  const outer = state.activeTape;
  try {
    return tf.engine().gradients(run, inputs, dy, true).grads;
  } finally {
    // The inner tape is not empty only after an error.
    if (state.activeTape !== outer) for (const { saved } of state.activeTape ?? []) tf.dispose(saved);
    state.activeTape = outer;
  }
}
