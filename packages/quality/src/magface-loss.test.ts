import { lossConformance, lossFixtures } from '@openset/testkit/vitest';
import { magFaceDescriptor } from './magface-loss.ts';

const fixtures = lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url));

lossConformance(magFaceDescriptor, { fixtures });
