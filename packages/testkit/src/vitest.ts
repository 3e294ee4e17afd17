export { describeOnBackends } from './describe-on-backends.ts';
export {
  type LossConformanceOptions,
  type LossMaker,
  type LossSizes,
  lossConformance,
} from './loss-conformance.ts';
export { lossFixtures } from './read-fixture-file.ts';
