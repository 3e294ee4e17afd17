export { BceDiverseLoss, type BceDiverseLossOptions, bceDiverseDescriptor } from './bce-diverse-loss.ts';
export type { BceOptions } from './bce-options.ts';
export { BceUnifiedLoss, type BceUnifiedLossOptions, bceUnifiedDescriptor } from './bce-unified-loss.ts';
