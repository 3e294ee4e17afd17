import { deriveLayerSeed } from '@openset/core';
import { layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { batchNormalization } from './layers/batch-normalization.ts';
import * as parts from './layers/layers.ts';
import type { Network } from './network.ts';
import { NetworkBuilder } from './network.ts';

/** Standard deviation of a weight's first values, from the values that go into one output and out of one input. */
export type StartRule = (fanIn: number, fanOut: number) => number;

/** Kaiming's rule without a gain, by what goes in: all linear parts of the papers' networks. */
export const fanInStart: StartRule = (fanIn) => 1 / Math.sqrt(fanIn);

/** Kaiming's rule for ReLU, by what comes out: the usual one for residual and mobile networks. */
export const fanOutStart: StartRule = (_, fanOut) => Math.sqrt(2 / fanOut);

/** How a convolution moves over its input, in PyTorch's terms. */
export interface ConvolutionShape {
  readonly filters: number;
  readonly kernelSize: number;
  readonly stride?: number;
  /** Zeros on each side; default 0. */
  readonly pad?: number;
}

/** Puts the parts of networks together: names them like PyTorch's modules, and gives each weight a seed of its own. */
export class NetworkParts {
  readonly images: SymbolicTensor;
  /** Height and width of the map that a dense layer sees, by its name. */
  readonly mapSizes = new Map<string, readonly [number, number]>();
  private readonly builder: NetworkBuilder;
  private readonly start: StartRule;
  private readonly seed: number;
  private weights = 0;
  private dropouts = 0;
  private readonly unnamed = new Map<string, number>();

  constructor(
    { inputSize, channels, seed }: { inputSize: readonly number[]; channels: number; seed: number },
    start: StartRule,
  ) {
    this.builder = new NetworkBuilder([...inputSize, channels]);
    this.images = this.builder.images;
    this.start = start;
    this.seed = seed;
  }

  /** A convolution without bias. */
  convolution(x: SymbolicTensor, name: string, shape: ConvolutionShape): SymbolicTensor {
    const { filters, kernelSize, stride = 1, pad = 0 } = shape;
    const start = this.startOf(kernelSize ** 2 * x.shape[3]!, kernelSize ** 2 * filters);
    const [input, padding] = this.padded(x, name, { kernelSize, stride, pad });
    const options = { filters, kernelSize, stride, padding, start, first: x === this.images };
    return this.builder.add(parts.convolutionLayer(name, options), input);
  }

  /** A depthwise convolution without bias. */
  depthwise(x: SymbolicTensor, name: string, stride: number): SymbolicTensor {
    const [input, padding] = this.padded(x, name, { kernelSize: 3, stride, pad: 1 });
    const options = { kernelSize: 3, stride, padding, start: this.startOf(9, 9) };
    return this.builder.add(parts.depthwiseLayer(name, options), input);
  }

  /** A depthwise convolution over the whole map: one value a channel. */
  globalDepthwise(x: SymbolicTensor, name: string): SymbolicTensor {
    const kernelSize: [number, number] = [x.shape[1]!, x.shape[2]!];
    const start = this.startOf(kernelSize[0] * kernelSize[1], kernelSize[0] * kernelSize[1]);
    const layer = parts.depthwiseLayer(name, { kernelSize, stride: 1, padding: 'valid', start });
    return this.builder.add(layer, x);
  }

  /** A linear map of all values of an image, without bias: what PyTorch writes as a convolution over the whole map. */
  embedding(x: SymbolicTensor, name: string, units: number): SymbolicTensor {
    const [, height, width, channels] = x.shape as number[];
    if (height !== undefined && width !== undefined) this.mapSizes.set(name, [height, width]);
    const flat = x.shape.length === 4 ? this.builder.add(layers.flatten({ name: `${name}.flatten` }), x) : x;
    const fanIn = flat.shape[1]!;
    const fanOut = channels === undefined ? units : (fanIn / channels) * units;
    return this.builder.add(parts.denseLayer(name, units, this.startOf(fanIn, fanOut)), flat);
  }

  /** A batch norm. */
  norm(x: SymbolicTensor, name: string, options: { zeroGamma?: boolean; frozenGamma?: boolean } = {}) {
    return this.builder.add(batchNormalization(name, options), x);
  }

  /** PReLU. */
  prelu(x: SymbolicTensor, name: string): SymbolicTensor {
    return this.builder.add(parts.preluLayer(name), x);
  }

  /** ReLU, which has no weights and in PyTorch no name of its own. */
  relu(x: SymbolicTensor): SymbolicTensor {
    return this.builder.add(parts.reluLayer(this.nameOf('relu')), x);
  }

  /** Dropout. */
  dropout(x: SymbolicTensor, rate: number): SymbolicTensor {
    return this.builder.add(parts.dropoutLayer(this.nameOf('dropout'), rate, this.dropouts++), x);
  }

  /** Sum of two values of one shape. */
  sum(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
    return this.builder.add(parts.sumLayer(this.nameOf('add')), a, b);
  }

  /** The channels of two maps, one after another. */
  concatenation(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
    return this.builder.add(layers.concatenate({ name: this.nameOf('concatenate') }), a, b);
  }

  /** Means over 2 × 2 places, with stride 2. */
  averagePool(x: SymbolicTensor): SymbolicTensor {
    return this.builder.add(layers.averagePooling2d({ name: this.nameOf('pool'), poolSize: 2 }), x);
  }

  /** The mean of each channel. */
  globalAverage(x: SymbolicTensor): SymbolicTensor {
    const name = this.nameOf('pool');
    return this.builder.add(layers.globalAveragePooling2d({ name, dataFormat: 'channelsLast' }), x);
  }

  /** Ends a block: later parts may take `x` alone. */
  endBlock(x: SymbolicTensor): SymbolicTensor {
    return this.builder.cut(x);
  }

  /** The network from the images to `output`. */
  build(name: string, output: SymbolicTensor): Network {
    return this.builder.build(name, output);
  }

  private startOf(fanIn: number, fanOut: number): parts.NormalStart {
    // Above 0, because tfjs takes the seed 0 for "any".
    const seed = 1 + (deriveLayerSeed(this.seed, this.weights++) >>> 1);
    return { standardDeviation: this.start(fanIn, fanOut), seed };
  }

  private nameOf(kind: string): string {
    const count = (this.unnamed.get(kind) ?? 0) + 1;
    this.unnamed.set(kind, count);
    return `${kind}_${count}`;
  }

  /** The padding that all backends have: 'same' where it is symmetric, otherwise zeros put around by a layer. */
  private padded(
    x: SymbolicTensor,
    name: string,
    { kernelSize, stride, pad }: { kernelSize: number; stride: number; pad: number },
  ): [SymbolicTensor, 'same' | 'valid'] {
    if (pad === 0) return [x, 'valid'];
    if (stride === 1 && kernelSize === 2 * pad + 1) return [x, 'same'];
    return [this.builder.add(layers.zeroPadding2d({ name: `${name}.pad`, padding: pad }), x), 'valid'];
  }
}
