export type { LossConformanceOptions, LossMaker, LossSizes, Surrogate } from './conformance-setup.ts';
export { describeOnBackends } from './describe-on-backends.ts';
export {
  type DescriptorConformanceOptions,
  lossConformance,
  variantConformance,
} from './loss-conformance.ts';
export { lossFixtures } from './read-fixture-file.ts';
