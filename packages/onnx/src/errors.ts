import { OpenSetError } from '@openset/core';

/** A model has a layer that cannot be written as ONNX, or not with the options that it has. */
export class UnsupportedLayerError extends OpenSetError {
  override readonly name = 'UnsupportedLayerError';
  /** The layer's name in its model; those of models inside models with `/`. */
  readonly layerName: string;
  readonly className: string;

  constructor(layer: { readonly name: string; readonly className: string }, reason: string) {
    super(`The layer '${layer.name}' of class ${layer.className} cannot be exported to ONNX: ${reason}`);
    this.layerName = layer.name;
    this.className = layer.className;
  }
}
