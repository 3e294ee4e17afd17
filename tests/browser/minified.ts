import { backbones, lossMakers, trainTwoSteps } from '../support/matrix.ts';
import { withThreads } from './threads.ts';

const functions = {
  withThreads,
  train: () => trainTwoSteps(backbones['small CNN']!, lossMakers.CosFaceLoss!),
};

declare global {
  /** The functions that tests call in the page `minified.html`. */
  var inMinifiedPage: typeof functions;
}
globalThis.inMinifiedPage = functions;
