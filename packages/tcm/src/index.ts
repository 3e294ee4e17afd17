export { TcmLoss, type TcmLossOptions, tcmDescriptor } from './tcm-loss.ts';
