export { EplLoss, type EplLossOptions } from './epl-loss.ts';
export type { DuplicateLabels, PrototypeUpdate } from './prototype-update.ts';
