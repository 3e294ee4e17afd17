export type { LossConformanceOptions, LossMaker, LossSizes } from './conformance-setup.ts';
export { describeOnBackends } from './describe-on-backends.ts';
export { lossConformance, variantConformance } from './loss-conformance.ts';
export { lossFixtures } from './read-fixture-file.ts';
