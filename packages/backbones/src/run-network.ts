import * as tf from '@tensorflow/tfjs-core';
import type { Pass } from './layers/stock-layer.ts';
import { type Network, runSegment, type Segment } from './network.ts';
import { barrier, networkOperation } from './ops/network-operation.ts';

/**
 * Lets images go through a network.
 * @param checkpointing keep only what goes from segment to segment, and compute the rest again for the gradients
 */
export function runNetwork(
  network: Network,
  images: tf.Tensor4D,
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
    // The output's own layer sees to that, unless its segment is an operation as a whole.
    return (checkpointing ? barrier(value) : value) as tf.Tensor2D;
  });
}

/**
 * Gradient checkpointing (Chen et al. 2016, arXiv 1604.06174): runs a segment without recording it, and once more, now
 * recorded, when its gradients are needed. The second run repeats the first: the same dropout masks, and running
 * statistics that stay where they are.
 */
function runCheckpointed(segment: Segment, x: tf.Tensor, pass: Pass): tf.Tensor {
  const { trainable } = segment;
  return networkOperation(
    // tf.variableGrads finds the variables by their being inputs of what is recorded.
    [x, ...trainable],
    () => ({ value: runSegment(segment, x, pass), saved: [x] }),
    (dy, [x]) => {
      const run = () => runSegment(segment, x!, { ...pass, replay: true });
      return gradientsInside(run, [x!, ...trainable], dy);
    },
  );
}

/** Gradients while the gradients of an outer tape are computed: tfjs has one place for a tape, and clears it. */
function gradientsInside(run: () => tf.Tensor, inputs: tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  const { state } = tf.engine();
  const outer = state.activeTape;
  try {
    return tf.engine().gradients(run, inputs, dy, true).grads;
  } finally {
    // Something is left on the inner tape only after an error.
    if (state.activeTape !== outer) for (const { saved } of state.activeTape ?? []) tf.dispose(saved);
    state.activeTape = outer;
  }
}
