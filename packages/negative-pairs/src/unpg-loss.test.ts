import { lossConformance, lossFixtures } from '@openset/testkit/vitest';
import { unpgDescriptor } from './unpg-loss.ts';

const fixtures = lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url));

lossConformance(unpgDescriptor, { fixtures });
