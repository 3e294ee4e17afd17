export { type CommunicatorConformanceOptions, communicatorConformance } from './communicator-conformance.ts';
export type { LossConformanceOptions, LossMaker, LossSizes, Surrogate } from './conformance-setup.ts';
export { describeOnBackends } from './describe-on-backends.ts';
export { galleryConformance } from './gallery-conformance.ts';
export type { GalleryConformanceOptions, GalleryStore } from './gallery-conformance-setup.ts';
export {
  type DescriptorConformanceOptions,
  lossConformance,
  variantConformance,
} from './loss-conformance.ts';
export { lossFixtures } from './read-fixture-file.ts';
