export { EplLoss, type EplLossOptions, eplDescriptor } from './epl-loss.ts';
export type { DuplicateLabels, PrototypeUpdate } from './prototype-update.ts';
