import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import {
  checkBlocks,
  checkCounts,
  checkOptionNames,
  makeConfig,
  type NetworkOptions,
  resolveNetworkOptions,
} from './backbone-options.ts';
import { NetworkBackbone } from './network-backbone.ts';
import { fanInDeviation, NetworkParts } from './network-parts.ts';

/** Number of layers in each dense block of DenseNet-121. */
const densenet121 = [6, 12, 24, 16] as const;

/** Options of `cifarDenseNet`. */
export interface CifarDenseNetOptions extends NetworkOptions {
  /** Number of layers in each dense block; default [6, 12, 24, 16], DenseNet-121. */
  readonly blocks?: readonly number[];
  /** Channels that each layer adds (k in the paper); default 32. */
  readonly growthRate?: number;
  /** Adds a linear map to this many values, and a BN. Default: the embedding is the 1024 averaged features. */
  readonly embeddingSize?: number | undefined;
}

/**
 * Creates DenseNet-121 for small images: Huang et al. 2017, with bottlenecks of 4k channels and transitions that halve
 * the channels. The stem is a 3×3 convolution of stride 1 to 2k channels, without pooling. The embedding is the average
 * of the last map, after BN and ReLU. Its values are not negative, hence neither are its cosines.
 *
 * Images: default 32 × 32. Modules have the names of torchvision (`features.denseblock1.denselayer1.conv1`). The loss
 * replaces torchvision's `classifier`.
 *
 * @throws ConfigError for an unknown option, or one out of range
 */
export function cifarDenseNet(options: CifarDenseNetOptions = {}): NetworkBackbone {
  const name = 'cifar-densenet';
  const { blocks = densenet121, growthRate = 32, embeddingSize } = options;
  const known = ['blocks', 'growthRate', 'inputSize', 'channels', 'embeddingSize', 'seed', 'checkpointing'];
  checkOptionNames(name, options, known);
  checkBlocks(name, blocks);
  checkCounts(name, { growthRate, ...(embeddingSize === undefined ? {} : { embeddingSize }) });
  const limits = { inputSize: 32, minimum: 2 ** (blocks.length - 1) };
  const common = resolveNetworkOptions(name, options, limits);

  const parts = new NetworkParts(common, fanInDeviation);
  const stem = { filters: 2 * growthRate, kernelSize: 3, pad: 1 };
  let x = parts.convolution(parts.images, 'features.conv0', stem);
  x = parts.endBlock(parts.relu(parts.norm(x, 'features.norm0')));
  blocks.forEach((count, index) => {
    for (let layer = 1; layer <= count; layer++) {
      x = denseLayer(parts, x, `features.denseblock${index + 1}.denselayer${layer}`, growthRate);
    }
    if (index < blocks.length - 1) x = transition(parts, x, `features.transition${index + 1}`);
  });
  x = parts.globalAverage(parts.relu(parts.norm(x, 'features.norm5')));
  if (embeddingSize !== undefined) x = parts.norm(parts.embedding(x, 'fc', embeddingSize), 'bn_fc');
  const size = embeddingSize === undefined ? {} : { embeddingSize };
  return new NetworkBackbone({
    network: parts.build(name, x),
    config: makeConfig(name, { ...common, blocks, growthRate, ...size }),
    checkpointing: common.checkpointing,
    mapSizes: parts.mapSizes,
  });
}

/** Adds BN–ReLU–1×1 convolution–BN–ReLU–3×3 convolution. Appends its `growthRate` channels to those of `x`. */
function denseLayer(
  parts: NetworkParts,
  x: SymbolicTensor,
  name: string,
  growthRate: number,
): SymbolicTensor {
  let y = parts.relu(parts.norm(x, `${name}.norm1`));
  y = parts.convolution(y, `${name}.conv1`, { filters: 4 * growthRate, kernelSize: 1 });
  y = parts.relu(parts.norm(y, `${name}.norm2`));
  y = parts.convolution(y, `${name}.conv2`, { filters: growthRate, kernelSize: 3, pad: 1 });
  return parts.endBlock(parts.concatenation(x, y));
}

/** Adds BN–ReLU–1×1 convolution to half of the channels–average pooling of 2×2. */
function transition(parts: NetworkParts, x: SymbolicTensor, name: string): SymbolicTensor {
  const filters = Math.floor(x.shape[3]! / 2);
  const y = parts.relu(parts.norm(x, `${name}.norm`));
  return parts.endBlock(parts.averagePool(parts.convolution(y, `${name}.conv`, { filters, kernelSize: 1 })));
}
