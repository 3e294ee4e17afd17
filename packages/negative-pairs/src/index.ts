export { UnpgLoss, type UnpgLossOptions, unpgDescriptor } from './unpg-loss.ts';
