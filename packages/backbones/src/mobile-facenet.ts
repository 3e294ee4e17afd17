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

/** Table 1 of the paper: expansion t, channels c (in units of the width), repetitions n, first stride s. */
const bottlenecks = [
  { expansion: 2, channels: 1, repetitions: 5, stride: 2 },
  { expansion: 4, channels: 2, repetitions: 1, stride: 2 },
  { expansion: 2, channels: 2, repetitions: 6, stride: 1 },
  { expansion: 4, channels: 2, repetitions: 1, stride: 2 },
  { expansion: 2, channels: 2, repetitions: 2, stride: 1 },
] as const;

/** Options of `mobileFaceNet`. */
export interface MobileFaceNetOptions extends NetworkOptions {
  /** Channels of the stem; all other layers scale with it. Default 64. */
  readonly width?: number;
  /** Length of an embedding; default 128. */
  readonly embeddingSize?: number;
}

/**
 * Creates MobileFaceNet (Chen et al. 2018, arXiv 1804.07573, table 1): bottlenecks with PReLU, and a depthwise convolution
 * over the whole last map instead of an average. It has about a million parameters. Images: default 112 × 112, values in
 * [−1, 1]. Modules have the names of the common PyTorch implementation (`blocks.0.conv.3`).
 *
 * @throws ConfigError for an unknown option, or one out of range
 */
export function mobileFaceNet(options: MobileFaceNetOptions = {}): NetworkBackbone {
  const name = 'mobile-facenet';
  checkOptionNames(name, options, [
    'width',
    'inputSize',
    'channels',
    'embeddingSize',
    'seed',
    'checkpointing',
  ]);
  const { width = 64, embeddingSize = 128 } = options;
  const common = resolveNetworkOptions(name, options, { inputSize: 112, minimum: 16 });
  checkCounts(name, { width, embeddingSize });

  const parts = new NetworkParts(common, fanOutDeviation);
  const activated = (x: SymbolicTensor, module: string) =>
    parts.prelu(parts.norm(x, `${module}.bn`), `${module}.prelu`);
  const stem = { filters: width, kernelSize: 3, stride: 2, pad: 1 };
  let x = activated(parts.convolution(parts.images, 'conv1.conv', stem), 'conv1');
  x = parts.endBlock(activated(parts.depthwise(x, 'dw_conv1.conv', 1), 'dw_conv1'));
  let block = 0;
  for (const { expansion, channels, repetitions, stride } of bottlenecks) {
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const shape = { expansion, filters: channels * width, stride: repetition === 0 ? stride : 1 };
      x = bottleneck(parts, x, `blocks.${block++}.conv`, shape);
    }
  }
  x = activated(parts.convolution(x, 'conv2.conv', { filters: 8 * width, kernelSize: 1 }), 'conv2');
  x = parts.norm(parts.globalDepthwise(x, 'linear7.conv'), 'linear7.bn');
  x = parts.norm(parts.embedding(x, 'linear1.conv', embeddingSize), 'linear1.bn');
  return new NetworkBackbone({
    network: parts.build(name, x),
    config: makeConfig(name, { ...common, width, embeddingSize }),
    checkpointing: common.checkpointing,
    mapSizes: parts.mapSizes,
  });
}

function bottleneck(
  parts: NetworkParts,
  x: SymbolicTensor,
  name: string,
  { expansion, filters, stride }: { expansion: number; filters: number; stride: number },
): SymbolicTensor {
  const channels = x.shape[3]!;
  let y = parts.convolution(x, `${name}.0`, { filters: channels * expansion, kernelSize: 1 });
  y = parts.prelu(parts.norm(y, `${name}.1`), `${name}.2`);
  y = parts.depthwise(y, `${name}.3`, stride);
  y = parts.prelu(parts.norm(y, `${name}.4`), `${name}.5`);
  y = parts.norm(parts.convolution(y, `${name}.6`, { filters, kernelSize: 1 }), `${name}.7`);
  return parts.endBlock(stride === 1 && channels === filters ? parts.sum(x, y) : y);
}
