import {
  checkCounts,
  checkOptionNames,
  makeConfig,
  type NetworkOptions,
  resolveNetworkOptions,
} from './backbone-options.ts';
import { NetworkBackbone } from './network-backbone.ts';
import { fanInDeviation, NetworkParts } from './network-parts.ts';

/** Options of `smallCnn`. */
export interface SmallCnnOptions extends NetworkOptions {
  /** Channels of the first convolution; each further convolution doubles them. Default 16. */
  readonly width?: number;
  /** Length of an embedding; default 64. */
  readonly embeddingSize?: number;
}

/**
 * Creates a small network for first steps and tests: three 3×3 convolutions of stride 2, each with BN and PReLU, then a
 * linear map and a BN, so that initial embeddings differ. Images: default 28 × 28.
 *
 * @throws ConfigError for an unknown option, or one out of range
 */
export function smallCnn(options: SmallCnnOptions = {}): NetworkBackbone {
  const name = 'small-cnn';
  const { width = 16, embeddingSize = 64 } = options;
  checkOptionNames(name, options, [
    'width',
    'inputSize',
    'channels',
    'embeddingSize',
    'seed',
    'checkpointing',
  ]);
  const common = resolveNetworkOptions(name, options, { inputSize: 28, minimum: 1 });
  checkCounts(name, { width, embeddingSize });

  const parts = new NetworkParts(common, fanInDeviation);
  let x = parts.images;
  for (const [index, filters] of [width, 2 * width, 4 * width].entries()) {
    const shape = { filters, kernelSize: 3, stride: 2, pad: 1 };
    const y = parts.norm(parts.convolution(x, `conv${index + 1}`, shape), `bn${index + 1}`);
    x = parts.endBlock(parts.prelu(y, `prelu${index + 1}`));
  }
  x = parts.norm(parts.embedding(x, 'fc', embeddingSize), 'bn_fc');
  return new NetworkBackbone({
    network: parts.build(name, x),
    config: makeConfig(name, { ...common, width, embeddingSize }),
    checkpointing: common.checkpointing,
    mapSizes: parts.mapSizes,
  });
}
