import { ConfigError } from '@openset/core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import {
  checkCounts,
  checkOptionNames,
  makeConfig,
  type NetworkOptions,
  resolveNetworkOptions,
} from './backbone-options.ts';
import { NetworkBackbone } from './network-backbone.ts';
import { fanOutDeviation, NetworkParts } from './network-parts.ts';

const networks = {
  18: { blocks: [2, 2, 2, 2], bottleneck: false },
  50: { blocks: [3, 4, 6, 3], bottleneck: true },
} as const;

/** Options of `cifarResNet`. */
export interface CifarResNetOptions extends NetworkOptions {
  /** Number of layers, 18 or 50; default 18. */
  readonly depth?: 18 | 50;
  /** Channels of the first stage; at depth 50 its output has four times as many. Default 64. */
  readonly width?: number;
  /** Adds a linear map to this many values, and a BN. Default: the embedding is the 512 or 2048 averaged features. */
  readonly embeddingSize?: number | undefined;
}

/**
 * Creates ResNet-18 or -50 (He et al. 2016) for small images, as in the BCE paper's experiments. The stem is a 3×3
 * convolution of stride 1 without pooling. Each stage after the first halves the image. The embedding is the average of
 * the last map, after its ReLU. Its values are not negative, hence neither are its cosines: set `embeddingSize` for
 * losses that compare embeddings with each other.
 *
 * Images: default 32 × 32. Modules have the names of torchvision. The loss replaces torchvision's `fc`.
 *
 * @throws ConfigError for an unknown option, or one out of range
 */
export function cifarResNet(options: CifarResNetOptions = {}): NetworkBackbone {
  const name = 'cifar-resnet';
  const { depth = 18, width = 64, embeddingSize } = options;
  const known = ['depth', 'width', 'inputSize', 'channels', 'embeddingSize', 'seed', 'checkpointing'];
  checkOptionNames(name, options, known);
  const network = networks[depth];
  if (!network) throw new ConfigError(`${name}: depth must be 18 or 50, but is ${String(depth)}.`);
  const common = resolveNetworkOptions(name, options, { inputSize: 32, minimum: 8 });
  checkCounts(name, { width, ...(embeddingSize === undefined ? {} : { embeddingSize }) });

  const parts = new NetworkParts(common, fanOutDeviation);
  const block = network.bottleneck ? bottleneckBlock : basicBlock;
  let x = parts.convolution(parts.images, 'conv1', { filters: width, kernelSize: 3, pad: 1 });
  x = parts.endBlock(parts.relu(parts.norm(x, 'bn1')));
  network.blocks.forEach((count, stage) => {
    for (let index = 0; index < count; index++) {
      const stride = index === 0 && stage > 0 ? 2 : 1;
      x = block(parts, x, `layer${stage + 1}.${index}`, { filters: width * 2 ** stage, stride });
    }
  });
  x = parts.globalAverage(x);
  if (embeddingSize !== undefined) x = parts.norm(parts.embedding(x, 'fc', embeddingSize), 'bn_fc');
  const size = embeddingSize === undefined ? {} : { embeddingSize };
  return new NetworkBackbone({
    network: parts.build(name, x),
    config: makeConfig(name, { ...common, depth, width, ...size }),
    checkpointing: common.checkpointing,
    mapSizes: parts.mapSizes,
  });
}

interface BlockShape {
  readonly filters: number;
  readonly stride: number;
}

function basicBlock(parts: NetworkParts, x: SymbolicTensor, name: string, shape: BlockShape): SymbolicTensor {
  const { filters, stride } = shape;
  const residual = shortcut(parts, x, name, { filters, stride });
  let y = parts.convolution(x, `${name}.conv1`, { filters, kernelSize: 3, stride, pad: 1 });
  y = parts.relu(parts.norm(y, `${name}.bn1`));
  y = parts.norm(parts.convolution(y, `${name}.conv2`, { filters, kernelSize: 3, pad: 1 }), `${name}.bn2`);
  return parts.endBlock(parts.relu(parts.sum(y, residual)));
}

function bottleneckBlock(
  parts: NetworkParts,
  x: SymbolicTensor,
  name: string,
  { filters, stride }: BlockShape,
): SymbolicTensor {
  const residual = shortcut(parts, x, name, { filters: 4 * filters, stride });
  let y = parts.convolution(x, `${name}.conv1`, { filters, kernelSize: 1 });
  y = parts.relu(parts.norm(y, `${name}.bn1`));
  y = parts.convolution(y, `${name}.conv2`, { filters, kernelSize: 3, stride, pad: 1 });
  y = parts.relu(parts.norm(y, `${name}.bn2`));
  y = parts.norm(
    parts.convolution(y, `${name}.conv3`, { filters: 4 * filters, kernelSize: 1 }),
    `${name}.bn3`,
  );
  return parts.endBlock(parts.relu(parts.sum(y, residual)));
}

/** Returns the input itself if the shapes agree, else adds a 1×1 convolution and a BN. */
function shortcut(
  parts: NetworkParts,
  x: SymbolicTensor,
  name: string,
  { filters, stride }: BlockShape,
): SymbolicTensor {
  if (stride === 1 && x.shape[3] === filters) return x;
  const y = parts.convolution(x, `${name}.downsample.0`, { filters, kernelSize: 1, stride });
  return parts.norm(y, `${name}.downsample.1`);
}
