import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeBothWays, onBothBackends } from './__fixtures__/elementwise-tests.ts';
import { expectNoLeak, random, relativeError } from './__fixtures__/run-kernel.ts';
import './index.ts';

describeBothWays('FusedBatchNorm', () => {
  const cases = fc.record({
    outer: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
    channels: fc.constantFrom(1, 3, 4, 17, 64),
    scaled: fc.boolean(),
    shifted: fc.boolean(),
    elementwise: fc.boolean(),
  });

  it('agrees with the cpu backend', async () => {
    const results = await onBothBackends(
      fc.sample(cases, { numRuns: 100, seed: 1 }),
      ({ outer, channels, scaled, shifted, elementwise }) => {
        const shape = [...outer, channels];
        // Statistics for each element run on the stock kernel, which requires all lists in that shape.
        const list = (seed: number) => random(elementwise ? shape : [channels], seed) as tf.Tensor1D;
        return tf.batchNorm(
          random(shape, 1),
          list(2),
          tf.abs(list(3)),
          shifted || elementwise ? list(4) : undefined,
          scaled || elementwise ? list(5) : undefined,
          1e-3,
        );
      },
    );
    for (const { wasm, cpu } of results) expect(relativeError(wasm[0]!, cpu[0]!)).toBeLessThan(1e-5);
  });

  it('leaks no memory', () => {
    const x = random([3, 4, 5, 6], 1) as tf.Tensor4D;
    const list = tf.abs(random([6], 2)) as tf.Tensor1D;
    expectNoLeak(() => tf.batchNorm(x, list, list, list, list));
  });
});
