export type { WeightFiles } from './decode-weights.ts';
export type { NetworkDescription } from './describe-network.ts';
export { createPretrainedBackbone, GraphBackbone, graphBackbone } from './graph-backbone.ts';
export { describeGraphInput, type GraphInput } from './graph-input.ts';
export {
  type GraphFiles,
  loadGraphModel,
  type ReadModelFile,
  readGraphModel,
} from './graph-model.ts';
export type { GraphBackboneConfig, GraphBackboneOptions, GraphFreeze } from './graph-options.ts';
export { type LoadPretrainedOptions, loadPretrained, type OpenedNetwork } from './load-pretrained.ts';
export {
  findPretrainedNetwork,
  isPretrainedWord,
  type PretrainedNetwork,
  pretrainedNetworks,
} from './pretrained-networks.ts';
export type { ConstantValues, ReadGraph } from './read-graph.ts';
export type { ShippedGallery, ShippedThreshold } from './shipped-thresholds.ts';
