export { VplLoss, type VplLossOptions, vplDescriptor } from './vpl-loss.ts';
