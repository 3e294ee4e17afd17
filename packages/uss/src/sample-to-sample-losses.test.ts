import { lossConformance, lossFixtures } from '@openset/testkit/vitest';
import { SampleToSampleBceLoss } from './sample-to-sample-bce-loss.ts';
import { SampleToSampleSoftmaxLoss } from './sample-to-sample-softmax-loss.ts';
import { UssLoss } from './uss-loss.ts';

const fixtures = new URL('./__fixtures__/losses.json', import.meta.url);

lossConformance('UssLoss', (sizes) => new UssLoss({ ...sizes, scale: 16 }), {
  fixtures: { cases: lossFixtures(fixtures, ['uss']), makers: { UssLoss } },
});
lossConformance('UssLoss with a given start', (sizes) => new UssLoss({ ...sizes, scale: 16, biasInit: 5 }));
lossConformance('SampleToSampleBceLoss', (sizes) => new SampleToSampleBceLoss({ ...sizes, scale: 16 }), {
  fixtures: { cases: lossFixtures(fixtures, ['s2s-bce']), makers: { SampleToSampleBceLoss } },
});
lossConformance(
  'SampleToSampleSoftmaxLoss',
  (sizes) => new SampleToSampleSoftmaxLoss({ ...sizes, scale: 16 }),
  {
    fixtures: { cases: lossFixtures(fixtures, ['s2s-softmax']), makers: { SampleToSampleSoftmaxLoss } },
  },
);
