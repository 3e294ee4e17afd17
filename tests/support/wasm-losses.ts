import { BceDiverseLoss, BceUnifiedLoss } from '@openset/bce-unified';
import { EplLoss } from '@openset/epl';
import { ArcFaceLoss, CosFaceLoss, SoftmaxLoss } from '@openset/margin';
import { lossConformance, lossFixtures } from '@openset/testkit/vitest';
import { SampleToSampleBceLoss, SampleToSampleSoftmaxLoss, UniTSFaceLoss, UssLoss } from '@openset/uss';
import { losses } from '../../packages/cli/src/losses.ts';

const cases = lossFixtures(new URL('../../packages/cli/src/__fixtures__/losses.json', import.meta.url));
const fixturesOf = (...which: string[]) => ({
  fixtures: { cases: cases.filter(({ loss }) => which.includes(loss)), makers: losses },
});
const scale = 16;

/** The conformance of all losses, on every backend that is registered, with the reference values of the papers' code. */
export function testAllLosses(): void {
  lossConformance('SoftmaxLoss', (sizes) => new SoftmaxLoss({ ...sizes, scale }));
  lossConformance(
    'CosFaceLoss',
    (sizes) => new CosFaceLoss({ ...sizes, scale }),
    fixturesOf('normalized-softmax'),
  );
  lossConformance('ArcFaceLoss', (sizes) => new ArcFaceLoss({ ...sizes, scale, branch: 'linear' }));
  lossConformance(
    'BceUnifiedLoss',
    (sizes) => new BceUnifiedLoss({ ...sizes, scale }),
    fixturesOf('bce-unified'),
  );
  lossConformance(
    'BceDiverseLoss',
    (sizes) => new BceDiverseLoss({ ...sizes, scale }),
    fixturesOf('bce-diverse'),
  );
  lossConformance(
    'BceUnifiedLoss of W·x − b',
    (sizes) => new BceUnifiedLoss({ ...sizes, normalized: false, biasInit: 0.5 }),
    { normalized: false },
  );
  lossConformance('UssLoss', (sizes) => new UssLoss({ ...sizes, scale }), fixturesOf('uss'));
  lossConformance(
    'SampleToSampleBceLoss',
    (sizes) => new SampleToSampleBceLoss({ ...sizes, scale }),
    fixturesOf('s2s-bce'),
  );
  lossConformance(
    'SampleToSampleSoftmaxLoss',
    (sizes) => new SampleToSampleSoftmaxLoss({ ...sizes, scale }),
    fixturesOf('s2s-softmax'),
  );
  lossConformance(
    'UniTSFaceLoss',
    (sizes) => new UniTSFaceLoss({ ...sizes, scale, classLoss: new CosFaceLoss({ ...sizes, scale }) }),
    { context: { epoch: 1 } },
  );
  // Later it stops gradients; its own tests know how to check that, here the reference values do.
  lossConformance('EplLoss before its prototypes count', (sizes) => new EplLoss({ ...sizes, scale }), {
    context: { epoch: 0 },
    ...fixturesOf('epl-cosface', 'epl-arcface', 'epl-uniface'),
  });
}
