import type { LossContext, OpenSetLoss } from '@openset/core';
import type * as tf from '@tensorflow/tfjs-core';
import { badInputTests } from './conformance-bad-input.ts';
import { gradientTests } from './conformance-gradients.ts';
import { invarianceTests } from './conformance-invariances.ts';
import type { LossMaker } from './conformance-setup.ts';
import { stateTests } from './conformance-state.ts';
import { describeOnBackends } from './describe-on-backends.ts';
import type { LossConstructors, LossFixture } from './loss-fixture.ts';

export type { LossMaker, LossSizes } from './conformance-setup.ts';

/** What differs from loss to loss. */
export interface LossConformanceOptions {
  /** Passed to every `forward`; give the epoch in which all parts of the loss count. */
  readonly context?: LossContext;
  /** Whether the loss normalises embeddings, so that their length does not matter; default true. */
  readonly normalized?: boolean;
  /** Cases of the papers' code that this loss must meet, and the classes that they name. */
  readonly fixtures?: { readonly cases: readonly LossFixture[]; readonly makers: LossConstructors };
  /**
   * For a loss that stops gradients (a detached margin, prototypes that move before the batch is scored): called with
   * the point at which the gradient is taken, returns a function of the embeddings that has the same gradient there
   * and stops none, that is, with the stopped terms frozen at this point. See `plainBankLoss`.
   */
  readonly surrogate?: (
    loss: OpenSetLoss,
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D,
  ) => (embeddings: tf.Tensor2D) => tf.Scalar;
}

/**
 * Everything a loss must hold to, as vitest tests on every registered backend: reference values, finite differences,
 * permutations of batch and classes, the length of embeddings, extreme and bad inputs, blocks, purity of `forward`,
 * state and config round trips, leaks.
 *
 * @example
 * lossConformance('MyLoss', (sizes) => new MyLoss({ ...sizes, scale: 16 }));
 */
export function lossConformance(name: string, make: LossMaker, options: LossConformanceOptions = {}): void {
  describeOnBackends(name, () => {
    gradientTests(make, options);
    invarianceTests(make, options);
    stateTests(make, options);
    badInputTests(make, options);
  });
}
