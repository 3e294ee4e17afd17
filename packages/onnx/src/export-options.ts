import {
  type BackboneConfig,
  ConfigError,
  checkNumber,
  type LearnedThreshold,
  type LossConfig,
  type OpenSetLoss,
} from '@openset/core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { OnnxInputOptions } from './input-convention.ts';

/** What can be exported: a model of tfjs-layers, or a backbone that has one. */
export type OnnxSource =
  | LayersModel
  | {
      readonly model: LayersModel;
      /** Goes into the metadata. */
      getConfig?(): BackboneConfig;
    };

/** Options of `exportOnnx`. */
export interface OnnxExportOptions extends OnnxInputOptions {
  /** Whether the output is f(image) + f(mirrored image), the papers' test feature; default false. */
  readonly flipSum?: boolean;
  /** Whether the output is scaled to length 1, so that a dot product is a cosine; default false. */
  readonly normalize?: boolean;
  /** Whether batch norms become part of the convolution or dense layer before them; default false. */
  readonly foldBatchNorms?: boolean;
  /** The loss that the backbone was trained with: its configuration and its learned threshold go into the metadata. */
  readonly loss?: OpenSetLoss;
  /** A threshold to be written instead of the loss's own, a calibrated one for instance; null for none. */
  readonly threshold?: LearnedThreshold | null;
  /** The loss's configuration, where the loss itself is not at hand. */
  readonly lossConfig?: LossConfig;
  /** The backbone's configuration, where the source has no `getConfig` of a backbone. */
  readonly backboneConfig?: BackboneConfig;
  /** More metadata, by keys that do not begin with `openset.` */
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
  lossConfig: true,
  backboneConfig: true,
  metadata: true,
};

/**
 * Checks what the types do not: callers of plain JavaScript, and settings that were read from a file.
 * @throws ConfigError
 */
export function checkOptions(options: OnnxExportOptions): void {
  const unknown = Object.keys(options).filter((key) => !Object.hasOwn(optionNames, key));
  if (unknown.length > 0) {
    const known = Object.keys(optionNames).join(', ');
    throw new ConfigError(`exportOnnx has no option ${unknown.join(', ')}; it has ${known}.`);
  }
  for (const key of ['flipSum', 'normalize', 'foldBatchNorms'] as const) {
    const value = options[key];
    if (value !== undefined && typeof value !== 'boolean') {
      throw new ConfigError(`${key} must be true or false, but is ${String(value)}.`);
    }
  }
  if (options.threshold) checkNumber('threshold.cosine', options.threshold.cosine);
}

/** The network of a source. */
export function modelOf(source: OnnxSource): LayersModel {
  // Asked first: a sequential model is a model, and has another one as its `model`.
  if (isModel(source)) return source;
  const { model } = (source ?? {}) as { model?: unknown };
  if (isModel(model)) return model;
  throw new ConfigError(
    'Only a LayersModel of tfjs-layers, or a backbone with one as its `model`, can be exported to ONNX: graph models and ' +
      'functions do not show their layers.',
  );
}

function isModel(value: unknown): value is LayersModel {
  return typeof value === 'object' && value !== null && 'layers' in value && 'inputs' in value;
}
