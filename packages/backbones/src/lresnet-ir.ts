import { ConfigError, checkNumber } from '@openset/core';
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

/** Number of blocks in each of the four stages, by the depth in the papers' names. */
const blocksByDepth: Readonly<Record<number, readonly number[]>> = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 14, 3],
  100: [3, 13, 30, 3],
  200: [3, 33, 60, 3],
};

/** Lower bound of PReLU slopes after each optimizer step: `restrict_weights` in the official code. */
const minimumSlope = 0.01;

/** Options of `lresnetIR`. */
export interface LResNetIROptions extends NetworkOptions {
  /** Number of layers: 18, 34, 50, 100 or 200; default 50. */
  readonly depth?: number;
  /** Number of blocks in each stage, instead of a depth. */
  readonly blocks?: readonly number[];
  /** Channels of the first stage; each further stage has twice as many. Default 64. */
  readonly width?: number;
  /** Length of an embedding; default 512. */
  readonly embeddingSize?: number;
  /** Probability that dropout sets a value to 0 before the last linear map; default 0.4. */
  readonly dropout?: number;
}

/**
 * Creates LResNetE-IR, the network of UniFace, UniTSFace and EPL, as in their code:
 *
 * - A 3×3 stem, then residual blocks BN–conv–BN–PReLU–conv–BN without an activation after the sum.
 * - Each stage starts with 2×2 convolutions of stride 2, also on the shortcut.
 * - The tail is BN, dropout, a linear map of the whole 7×7 map, and BN.
 * - No convolution has a bias. The last BN of each block starts at γ = 0, the last BN of the network keeps γ = 1, and
 *   PReLU slopes stay at 0.01 or above.
 *
 * Images: default 112 × 112, values in [−1, 1]. A side has at least `2 ** stages` pixels (16 for four stages). A stage
 * drops the last row or column of an odd side, as in PyTorch. The embedding is not normalised. In evaluation the papers
 * use `flipSum`.
 *
 * @throws ConfigError for an unknown option, or one out of range
 */
export function lresnetIR(options: LResNetIROptions = {}): NetworkBackbone {
  const name = 'lresnet-ir';
  checkOptionNames(name, options, optionNames);
  const { width = 64, embeddingSize = 512, dropout = 0.4 } = options;
  const blocks = resolveBlocks(name, options);
  const common = resolveNetworkOptions(name, options, { inputSize: 112, minimum: 2 ** blocks.length });
  checkCounts(name, { width, embeddingSize });
  checkNumber(`${name}: dropout`, dropout, { minimum: 0, maximum: 0.99 });

  const parts = new NetworkParts(common, fanInDeviation);
  let x = parts.convolution(parts.images, 'conv1', { filters: width, kernelSize: 3, pad: 1 });
  x = parts.endBlock(parts.prelu(parts.norm(x, 'bn1'), 'prelu'));
  blocks.forEach((count, stage) => {
    for (let block = 0; block < count; block++) {
      const stride = block === 0 ? 2 : 1;
      x = residualBlock(parts, x, `layer${stage + 1}.${block}`, { filters: width * 2 ** stage, stride });
    }
  });
  x = parts.dropout(parts.norm(x, 'bn4'), dropout);
  x = parts.norm(parts.embedding(x, 'fc5', embeddingSize), 'bn5', { frozenGamma: true });
  return new NetworkBackbone({
    network: parts.build(name, x),
    config: makeConfig(name, { ...common, ...depthOrBlocks(options, blocks), width, embeddingSize, dropout }),
    checkpointing: common.checkpointing,
    minimumSlope,
    mapSizes: parts.mapSizes,
  });
}

const optionNames = [
  'depth',
  'blocks',
  'width',
  'inputSize',
  'channels',
  'embeddingSize',
  'dropout',
  'seed',
  'checkpointing',
];

function residualBlock(
  parts: NetworkParts,
  x: SymbolicTensor,
  name: string,
  { filters, stride }: { filters: number; stride: number },
): SymbolicTensor {
  const halving = { filters, kernelSize: 2, stride: 2 };
  const keeping = { filters, kernelSize: 3, pad: 1 };
  const shortcut =
    stride === 1
      ? x
      : parts.norm(parts.convolution(x, `${name}.downsample.0`, halving), `${name}.downsample.1`);
  let y = parts.convolution(parts.norm(x, `${name}.bn0`), `${name}.conv1`, keeping);
  y = parts.prelu(parts.norm(y, `${name}.bn1`), `${name}.prelu`);
  y = parts.convolution(y, `${name}.conv2`, stride === 1 ? keeping : halving);
  return parts.endBlock(parts.sum(parts.norm(y, `${name}.bn2`, { zeroGamma: true }), shortcut));
}

function resolveBlocks(name: string, { depth, blocks }: LResNetIROptions): readonly number[] {
  if (blocks !== undefined) {
    if (depth !== undefined) throw new ConfigError(`${name}: give depth or blocks, not both.`);
    checkBlocks(name, blocks);
    return blocks;
  }
  const known = blocksByDepth[depth ?? 50];
  if (known) return known;
  throw new ConfigError(
    `${name}: depth must be one of ${Object.keys(blocksByDepth).join(', ')}, but is ${String(depth)}; or give blocks.`,
  );
}

function depthOrBlocks({ depth, blocks }: LResNetIROptions, resolved: readonly number[]): object {
  return blocks === undefined ? { depth: depth ?? 50 } : { blocks: resolved };
}
