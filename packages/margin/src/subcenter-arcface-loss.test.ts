import { lossConformance, lossFixtures } from '@openset/testkit/vitest';
import { subCenterArcFaceDescriptor } from './subcenter-arcface-loss.ts';

const fixtures = lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url));

lossConformance(subCenterArcFaceDescriptor, { fixtures });
