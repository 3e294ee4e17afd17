import { NetworkBackbone } from '@openset/backbones';
import { type Backbone, ConfigError } from '@openset/core';
import type { OnnxSource } from '@openset/onnx';
import { GraphBackbone } from '@openset/pretrained';

/**
 * Returns the network of a model as `exportOnnx` and `onnxEngine` take it.
 * @throws ConfigError for a network of another kind
 */
export function onnxSource(backbone: Backbone): OnnxSource {
  if (backbone instanceof NetworkBackbone || backbone instanceof GraphBackbone) return backbone;
  throw new ConfigError(`openset cannot write the network '${backbone.name}' as ONNX.`);
}
