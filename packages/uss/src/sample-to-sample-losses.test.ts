import { lossConformance, lossFixtures } from '@openset/testkit/vitest';
import { sampleToSampleBceDescriptor } from './sample-to-sample-bce-loss.ts';
import { sampleToSampleSoftmaxDescriptor } from './sample-to-sample-softmax-loss.ts';
import { ussDescriptor } from './uss-loss.ts';

const fixtures = lossFixtures(new URL('./__fixtures__/losses.json', import.meta.url));

for (const descriptor of [ussDescriptor, sampleToSampleBceDescriptor, sampleToSampleSoftmaxDescriptor]) {
  lossConformance(descriptor, { fixtures });
}
