import type { LossDescriptor } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { badInputTests } from './conformance-bad-input.ts';
import { caseOptions, makeConformanceLoss } from './conformance-cases.ts';
import { descriptorTests } from './conformance-descriptor.ts';
import { gradientTests } from './conformance-gradients.ts';
import { invarianceTests } from './conformance-invariances.ts';
import type { LossConformanceOptions, LossMaker } from './conformance-setup.ts';
import { stateTests } from './conformance-state.ts';
import { describeOnBackends } from './describe-on-backends.ts';
import { type LossFixture, runLossFixture } from './loss-fixture.ts';

/**
 * Registers vitest tests of everything a loss must hold to, on every registered backend. They run each conformance case of its
 * descriptor: finite differences, permutations of batch and classes, the length of embeddings, extreme and bad inputs,
 * blocks, purity of `forward`, round trips of state and configuration, leaks. They also test the descriptor itself, and
 * reference values.
 *
 * @param fixtures cases of the authors' code; those of this loss are run
 * @example
 * lossConformance(cosFaceDescriptor);
 */
export function lossConformance(
  descriptor: LossDescriptor,
  { fixtures = [] }: { readonly fixtures?: readonly LossFixture[] } = {},
): void {
  const { name } = descriptor;
  for (const one of descriptor.conformance) {
    const make: LossMaker = (sizes) => makeConformanceLoss(descriptor, one, sizes);
    variantConformance(one.name === undefined ? name : `${name}, ${one.name}`, make, caseOptions(one));
  }
  describeOnBackends(`the descriptor of ${name}`, () => descriptorTests(descriptor));
  const own = fixtures.filter(({ loss }) => Object.hasOwn(descriptor.fixtures ?? {}, loss));
  if (own.length === 0) return;
  describeOnBackends(`reference values of ${name}`, () => {
    describe('are met', () => {
      it.each(own.map((fixture) => [fixture.name, fixture] as const))('%s', async (_, fixture) => {
        const result = await runLossFixture(fixture, [descriptor]);
        expect(Object.keys(result.errors)).toContain('gradEmbeddings');
        expect(result).toMatchObject({ passed: true });
      });
    });
  });
}

/**
 * Registers the tests of one variant that a descriptor cannot describe: a loss that stops gradients, or one that is made in
 * an unusual way.
 * @example
 * variantConformance('EplLoss', (sizes) => new EplLoss({ ...sizes, scale: 16 }), { context: { epoch: 3 }, surrogate });
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
    badInputTests(make, options);
  });
}
