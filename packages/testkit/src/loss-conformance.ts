import { ConfigError, type LossDescriptor } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { badInputTests } from './conformance-bad-input.ts';
import { caseOptions, makeConformanceLoss } from './conformance-cases.ts';
import { descriptorTests } from './conformance-descriptor.ts';
import { gradientTests } from './conformance-gradients.ts';
import { invarianceTests } from './conformance-invariances.ts';
import { readingTests } from './conformance-readings.ts';
import { samplingTests } from './conformance-sampling.ts';
import type { LossConformanceOptions, LossMaker, LossSizes, Surrogate } from './conformance-setup.ts';
import { stateTests } from './conformance-state.ts';
import { describeOnBackends } from './describe-on-backends.ts';
import { type LossFixture, runLossFixture } from './loss-fixture.ts';

/** Options of `lossConformance`. */
export interface DescriptorConformanceOptions {
  /** Cases of fixture files; cases of other losses are skipped. */
  readonly fixtures?: readonly LossFixture[];
  /** Stands for the loss in finite differences of the cases with `stopsGradients`. */
  readonly surrogate?: Surrogate | 'elsewhere';
}

/**
 * Registers the vitest tests that every loss must pass, on every registered backend. For each conformance case of the
 * descriptor they cover finite differences, permutations of batch and classes, the length of embeddings, extreme and bad
 * input, block sizes, samples of the classes, purity of `forward`, round trips of state and configuration, and leaks. Further tests cover the
 * descriptor itself, and reference values.
 *
 * @param options `fixtures`: cases of fixture files; cases of other losses are skipped. `surrogate`: stands for the loss in finite
 *   differences of the cases with `stopsGradients`; `loss.getConfig()` tells it the options of the case
 * @throws ConfigError if a case needs a surrogate, and there is none
 * @example
 * import '@tensorflow/tfjs-backend-cpu';
 * import { cosFaceDescriptor } from '@openset/margin';
 * import { lossConformance } from '@openset/testkit/vitest';
 *
 * lossConformance(cosFaceDescriptor);
 */
export function lossConformance(
  descriptor: LossDescriptor,
  { fixtures = [], surrogate }: DescriptorConformanceOptions = {},
): void {
  const { name } = descriptor;
  for (const one of descriptor.conformance) {
    const variant = one.name === undefined ? name : `${name}, ${one.name}`;
    if (one.stopsGradients && !surrogate) {
      throw new ConfigError(
        `${variant} stops gradients, so finite differences need a surrogate: pass it to lossConformance.`,
      );
    }
    const make: LossMaker = (sizes) => makeConformanceLoss(descriptor, one, sizes);
    const frozen = one.stopsGradients && surrogate ? { surrogate } : {};
    variantConformance(variant, make, { ...caseOptions(one), ...frozen });
    const rate = descriptor.options.negativeSampleRate;
    if (!rate || (rate.replacedBy && rate.replacedBy in one.options)) continue;
    const makeWith = (options: object, sizes: LossSizes) =>
      makeConformanceLoss(descriptor, { options: { ...one.options, ...options } }, sizes);
    describeOnBackends(variant, () => samplingTests(makeWith, one));
  }
  describeOnBackends(`descriptor of ${name}`, () => descriptorTests(descriptor));
  const own = fixtures.filter(({ loss }) => Object.hasOwn(descriptor.fixtures ?? {}, loss));
  if (own.length === 0) return;
  describeOnBackends(`reference values of ${name}`, () => {
    describe('match', () => {
      it.each(own.map((fixture) => [fixture.name, fixture] as const))('%s', async (_, fixture) => {
        const result = await runLossFixture(fixture, [descriptor]);
        expect(Object.keys(result.errors)).toContain('gradEmbeddings');
        expect(result).toMatchObject({ passed: true });
      });
    });
  });
}

/**
 * Registers the tests of a variant that no descriptor can express, because it needs its own code to create it.
 * @example
 * import '@tensorflow/tfjs-backend-cpu';
 * import { CosFaceLoss } from '@openset/margin';
 * import { variantConformance } from '@openset/testkit/vitest';
 * import { UniTSFaceLoss } from '@openset/uss';
 *
 * variantConformance(
 *   'UniTSFaceLoss over CosFaceLoss',
 *   (sizes) => new UniTSFaceLoss({ ...sizes, classLoss: new CosFaceLoss(sizes) }),
 *   { context: { epoch: 3 } },
 * );
 */
export function variantConformance(
  name: string,
  make: LossMaker,
  options: LossConformanceOptions = {},
): void {
  describeOnBackends(name, () => {
    gradientTests(make, options);
    invarianceTests(make, options);
    stateTests(make, options);
    readingTests(make, options);
    badInputTests(make, options);
  });
}
