import { lossConformance, lossFixtures } from '@openset/testkit/vitest';
import { tcmDescriptor } from './tcm-loss.ts';

const fixtures = lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url));

lossConformance(tcmDescriptor, { fixtures });
