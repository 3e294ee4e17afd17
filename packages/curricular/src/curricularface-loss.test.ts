import { lossConformance, lossFixtures } from '@openset/testkit/vitest';
import { curricularFaceDescriptor } from './curricularface-loss.ts';

const fixtures = lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url));

lossConformance(curricularFaceDescriptor, { fixtures });
