export type { Communicator, Numbers, Reduction, Values } from './communicator.ts';
export { dataParallel } from './data-parallel.ts';
export { CommunicatorError } from './errors.ts';
export { GradientBuckets, type GradientBucketsOptions, type GradientWire } from './gradient-buckets.ts';
export { inProcess } from './in-process.ts';
export { checkSameOnAllRanks } from './same-on-all-ranks.ts';
