export { BceDiverseLoss, type BceDiverseLossOptions } from './bce-diverse-loss.ts';
export type { BceOptions } from './bce-options.ts';
export { BceUnifiedLoss, type BceUnifiedLossOptions } from './bce-unified-loss.ts';
