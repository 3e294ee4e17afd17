export { type OnnxEngineOptions, onnxEngine } from './engine/onnx-engine.ts';
export type { OnnxRuntime, OnnxSession, OnnxSessionOptions, OnnxTensor } from './engine/onnx-runtime.ts';
export { UnsupportedLayerError, UnsupportedOperationError } from './errors.ts';
export { exportOnnx } from './export-onnx.ts';
export type { OnnxExportOptions, OnnxSource } from './export-options.ts';
export { supportedOperations } from './graph-model/convert-graph.ts';
export type { GraphConstant, GraphModelNode, GraphNetwork } from './graph-model/graph-network.ts';
export type { ColorOrder, OnnxInputConvention, OnnxInputOptions, PixelScaling } from './input-convention.ts';
export { supportedLayers } from './layers/converters.ts';
export {
  type OnnxDescription,
  type OnnxMetadata,
  type OnnxOutputConvention,
  readOnnxMetadata,
} from './metadata.ts';
export { metadataKeys } from './metadata-keys.ts';
