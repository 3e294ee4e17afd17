import { lossConformance, lossFixtures } from '@openset/testkit/vitest';
import { losses } from '../../packages/cli/src/losses.ts';

const fixtures = lossFixtures(new URL('../../packages/cli/src/__fixtures__/losses.json', import.meta.url));

/** Registers the conformance tests of all losses on every registered backend, with the reference values of the papers' code. */
export function testAllLosses(): void {
  for (const descriptor of losses) {
    // The tests of each package have the surrogates of losses that stop gradients.
    if (descriptor.conformance.length > 0) lossConformance(descriptor, { fixtures, surrogate: 'elsewhere' });
  }
}
