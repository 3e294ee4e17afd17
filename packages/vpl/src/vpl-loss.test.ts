import { lossConformance, lossFixtures } from '@openset/testkit/vitest';
import { vplDescriptor } from './vpl-loss.ts';

const fixtures = lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url));

lossConformance(vplDescriptor, { fixtures });
