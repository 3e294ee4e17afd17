import { OpenSetError } from '@openset/core';

/** Error for a layer, or for options of a layer, that ONNX export does not support. */
export class UnsupportedLayerError extends OpenSetError {
  override readonly name = 'UnsupportedLayerError';
  /** Name of the layer. For a layer of a nested model, the names are joined with `/`. */
  readonly layerName: string;
  /** Class name of the layer in tfjs-layers. */
  readonly className: string;

  constructor(layer: { readonly name: string; readonly className: string }, reason: string) {
    super(`The layer '${layer.name}' of class ${layer.className} cannot be exported to ONNX: ${reason}`);
    this.layerName = layer.name;
    this.className = layer.className;
  }
}

/** Error for an operation of a tfjs graph model, or for its options, that ONNX export does not support. */
export class UnsupportedOperationError extends OpenSetError {
  override readonly name = 'UnsupportedOperationError';
  /** Name of the node. */
  readonly nodeName: string;
  /** Name of the operation in TensorFlow. */
  readonly operation: string;

  constructor(node: { readonly name: string; readonly op: string }, reason: string) {
    super(
      `The operation '${node.name}' (${node.op}) of the graph model cannot be exported to ONNX: ${reason}`,
    );
    this.nodeName = node.name;
    this.operation = node.op;
  }
}
