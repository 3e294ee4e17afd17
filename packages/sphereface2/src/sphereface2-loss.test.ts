import { lossConformance, lossFixtures } from '@openset/testkit/vitest';
import { sphereFace2Descriptor } from './sphereface2-loss.ts';

const fixtures = lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url));

lossConformance(sphereFace2Descriptor, { fixtures });
