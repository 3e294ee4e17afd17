import {
  type BackboneConfig,
  ConfigError,
  checkNumber,
  checkQuestion,
  type FaceCrop,
  faceCropProblem,
  type LearnedThreshold,
  type LossConfig,
  type OpenSetLoss,
  type ThresholdQuestion,
} from '@openset/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { GraphNetwork } from './graph-model/graph-network.ts';
import type { OnnxInputOptions } from './input-convention.ts';

/**
 * A network to export: a model of tfjs-layers, a backbone with one as its `model`, or a backbone over a tfjs graph model, which
 * `readGraph` returns.
 */
export type OnnxSource =
  | LayersModel
  | {
      readonly model: LayersModel;
      /** Returns the configuration for the metadata. */
      getConfig?(): BackboneConfig;
    }
  | {
      /** Returns the graph with its weights. */
      readGraph(): Promise<GraphNetwork>;
      /** Returns the configuration for the metadata. */
      getConfig?(): BackboneConfig;
    };

/** Options of `exportOnnx`. */
export interface OnnxExportOptions extends OnnxInputOptions {
  /** Whether the output is f(image) + f(mirrored image), the papers' test feature; default false. */
  readonly flipSum?: boolean;
  /** Whether embeddings have unit length, so that a dot product is a cosine; default false. */
  readonly normalize?: boolean;
  /** Whether to fold batch norms into the preceding convolution or dense layer; default false. */
  readonly foldBatchNorms?: boolean;
  /** Loss of the training. Its configuration and its threshold go into the metadata. */
  readonly loss?: OpenSetLoss;
  /** Threshold that overrides the loss's, such as a calibrated one; null for none. */
  readonly threshold?: LearnedThreshold | null;
  /** Question that the threshold answers; default: unknown. */
  readonly question?: ThresholdQuestion | null;
  /** How faces were cropped in training; null for images as they are; default: unknown. */
  readonly crop?: FaceCrop | null;
  /** Configuration of the loss; overrides that of `loss`. */
  readonly lossConfig?: LossConfig;
  /** Configuration of the backbone; overrides that of the source. */
  readonly backboneConfig?: BackboneConfig;
  /** Additional metadata. Keys must not start with `openset.` */
  readonly metadata?: Readonly<Record<string, string>>;
}

const optionNames: Readonly<Record<keyof OnnxExportOptions, true>> = {
  layout: true,
  inputType: true,
  preprocessing: true,
  scaling: true,
  colorOrder: true,
  flipSum: true,
  normalize: true,
  foldBatchNorms: true,
  loss: true,
  threshold: true,
  question: true,
  crop: true,
  lossConfig: true,
  backboneConfig: true,
  metadata: true,
};

/**
 * Checks options at run time, for callers in JavaScript and settings from files.
 * @throws ConfigError if an option is unknown or invalid
 */
export function checkOptions(options: OnnxExportOptions): void {
  const unknown = Object.keys(options).filter((key) => !Object.hasOwn(optionNames, key));
  if (unknown.length > 0) {
    const known = Object.keys(optionNames).join(', ');
    throw new ConfigError(`exportOnnx has no option ${unknown.join(', ')}. Its options are ${known}.`);
  }
  for (const key of ['flipSum', 'normalize', 'foldBatchNorms'] as const) {
    const value = options[key];
    if (value !== undefined && typeof value !== 'boolean') {
      throw new ConfigError(`${key} must be true or false, but is ${String(value)}.`);
    }
  }
  if (options.threshold) checkNumber('threshold.cosine', options.threshold.cosine);
  if (options.question) checkQuestion(options.question);
  const cropProblem = options.crop ? faceCropProblem(options.crop) : null;
  if (cropProblem !== null) throw new ConfigError(cropProblem);
}
