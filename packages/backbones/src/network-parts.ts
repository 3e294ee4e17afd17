import { deriveLayerSeed } from '@openset/core';
import { layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { batchNormalization } from './layers/batch-normalization.ts';
import * as parts from './layers/layers.ts';
import type { Network } from './network.ts';
import { NetworkBuilder } from './network.ts';

/** Returns the standard deviation of initial weights: from the inputs of one output, and the outputs of one input. */
export type InitialDeviation = (fanIn: number, fanOut: number) => number;

/** Kaiming's rule by fan-in, without a gain: the initial values of the papers' networks. */
export const fanInDeviation: InitialDeviation = (fanIn) => 1 / Math.sqrt(fanIn);

/** Kaiming's rule for ReLU by fan-out: the initial values of residual and mobile networks. */
export const fanOutDeviation: InitialDeviation = (_, fanOut) => Math.sqrt(2 / fanOut);

/** Shape of a convolution, in PyTorch's terms. */
export interface ConvolutionShape {
  readonly filters: number;
  readonly kernelSize: number;
  readonly stride?: number;
  /** Zeros on each side; default 0. */
  readonly pad?: number;
}

/** Builds a network from parts. Names them like PyTorch's modules and derives a separate seed for each weight. */
export class NetworkParts {
  readonly images: SymbolicTensor;
  /** Height and width of the map that a dense layer takes, by the layer's name. */
  readonly mapSizes = new Map<string, readonly [number, number]>();
  private readonly builder: NetworkBuilder;
  private readonly deviation: InitialDeviation;
  private readonly seed: number;
  private weights = 0;
  private dropouts = 0;
  private readonly unnamed = new Map<string, number>();

  constructor(
    { inputSize, channels, seed }: { inputSize: readonly number[]; channels: number; seed: number },
    deviation: InitialDeviation,
  ) {
    this.builder = new NetworkBuilder([...inputSize, channels]);
    this.images = this.builder.images;
    this.deviation = deviation;
    this.seed = seed;
  }

  /** Adds a convolution without bias. */
  convolution(x: SymbolicTensor, name: string, shape: ConvolutionShape): SymbolicTensor {
    const { filters, kernelSize, stride = 1, pad = 0 } = shape;
    const initializer = this.nextInitializer(kernelSize ** 2 * x.shape[3]!, kernelSize ** 2 * filters);
    const [input, padding] = this.addPadding(x, name, { kernelSize, stride, pad });
    const options = { filters, kernelSize, stride, padding, initializer, first: x === this.images };
    return this.builder.add(parts.convolutionLayer(name, options), input);
  }

  /** Adds a 3×3 depthwise convolution without bias. */
  depthwise(x: SymbolicTensor, name: string, stride: number): SymbolicTensor {
    const [input, padding] = this.addPadding(x, name, { kernelSize: 3, stride, pad: 1 });
    const options = { kernelSize: 3, stride, padding, initializer: this.nextInitializer(9, 9) };
    return this.builder.add(parts.depthwiseLayer(name, options), input);
  }

  /** Adds a depthwise convolution over the whole map, which leaves one value per channel. */
  globalDepthwise(x: SymbolicTensor, name: string): SymbolicTensor {
    const kernelSize: [number, number] = [x.shape[1]!, x.shape[2]!];
    const initializer = this.nextInitializer(kernelSize[0] * kernelSize[1], kernelSize[0] * kernelSize[1]);
    const layer = parts.depthwiseLayer(name, { kernelSize, stride: 1, padding: 'valid', initializer });
    return this.builder.add(layer, x);
  }

  /** Adds a linear map of the whole map, without bias. PyTorch writes it as a convolution over the whole map. */
  embedding(x: SymbolicTensor, name: string, units: number): SymbolicTensor {
    const [, height, width, channels] = x.shape as number[];
    if (height !== undefined && width !== undefined) this.mapSizes.set(name, [height, width]);
    const flat = x.shape.length === 4 ? this.builder.add(layers.flatten({ name: `${name}.flatten` }), x) : x;
    const fanIn = flat.shape[1]!;
    const fanOut = channels === undefined ? units : (fanIn / channels) * units;
    return this.builder.add(parts.denseLayer(name, units, this.nextInitializer(fanIn, fanOut)), flat);
  }

  /** Adds a batch norm. */
  norm(x: SymbolicTensor, name: string, options: { zeroGamma?: boolean; frozenGamma?: boolean } = {}) {
    return this.builder.add(batchNormalization(name, options), x);
  }

  /** Adds a PReLU. */
  prelu(x: SymbolicTensor, name: string): SymbolicTensor {
    return this.builder.add(parts.preluLayer(name), x);
  }

  /** Adds a ReLU, which has no weights, hence no name in a PyTorch state. */
  relu(x: SymbolicTensor): SymbolicTensor {
    return this.builder.add(parts.reluLayer(this.nextName('relu')), x);
  }

  /** Adds dropout. */
  dropout(x: SymbolicTensor, rate: number): SymbolicTensor {
    return this.builder.add(parts.dropoutLayer(this.nextName('dropout'), rate, this.dropouts++), x);
  }

  /** Adds the sum of two maps of the same shape. */
  sum(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
    return this.builder.add(parts.sumLayer(this.nextName('add')), a, b);
  }

  /** Adds the concatenation of the channels of two maps. */
  concatenation(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
    return this.builder.add(layers.concatenate({ name: this.nextName('concatenate') }), a, b);
  }

  /** Adds average pooling of 2 × 2 with stride 2. */
  averagePool(x: SymbolicTensor): SymbolicTensor {
    return this.builder.add(layers.averagePooling2d({ name: this.nextName('pool'), poolSize: 2 }), x);
  }

  /** Adds the mean of each channel. */
  globalAverage(x: SymbolicTensor): SymbolicTensor {
    const name = this.nextName('pool');
    return this.builder.add(layers.globalAveragePooling2d({ name, dataFormat: 'channelsLast' }), x);
  }

  /** Ends a block: later parts may use no earlier tensor but `x`. */
  endBlock(x: SymbolicTensor): SymbolicTensor {
    return this.builder.endSegment(x);
  }

  /** Returns the network from the images to `output`. */
  build(name: string, output: SymbolicTensor): Network {
    return this.builder.build(name, output);
  }

  private nextInitializer(fanIn: number, fanOut: number): parts.NormalInitializer {
    // Above 0, because tfjs draws a random seed for 0.
    const seed = 1 + (deriveLayerSeed(this.seed, this.weights++) >>> 1);
    return { standardDeviation: this.deviation(fanIn, fanOut), seed };
  }

  private nextName(kind: string): string {
    const count = (this.unnamed.get(kind) ?? 0) + 1;
    this.unnamed.set(kind, count);
    return `${kind}_${count}`;
  }

  /** Pads in a way that every backend supports: 'same' if that is symmetric, else a layer that adds zeros. */
  private addPadding(
    x: SymbolicTensor,
    name: string,
    { kernelSize, stride, pad }: { kernelSize: number; stride: number; pad: number },
  ): [SymbolicTensor, 'same' | 'valid'] {
    if (pad === 0) return [x, 'valid'];
    if (stride === 1 && kernelSize === 2 * pad + 1) return [x, 'same'];
    return [this.builder.add(layers.zeroPadding2d({ name: `${name}.pad`, padding: pad }), x), 'valid'];
  }
}
