import { ConfigError, checkChoice, checkNumber } from '@openset/core';

/** Scaling from pixel values (0 to 255) to the numbers of the training: `(pixel − mean) / std`. */
export interface PixelScaling {
  /** Mean for all channels, or one for each; default 127.5. */
  readonly mean?: number | readonly number[];
  /** Divisor for all channels, or one for each; default 127.5, so that values are in [−1, 1]. */
  readonly std?: number | readonly number[];
}

/** Order of the colour channels. */
export type ColorOrder = 'rgb' | 'bgr' | 'gray';

/** Input of an ONNX file. The caller feeds `(pixel − mean) / std`, with pixels from 0 to 255. */
export interface OnnxInputConvention {
  /** Order of the axes: `[batch, channels, height, width]` or `[batch, height, width, channels]`. */
  readonly layout: 'nchw' | 'nhwc';
  /** Element type. */
  readonly type: 'float32' | 'uint8';
  /** Height and width; null for any length. */
  readonly size: readonly [height: number | null, width: number | null];
  /** Values of a pixel. */
  readonly channels: number;
  /** Order of the channels. */
  readonly colorOrder: ColorOrder;
  /** Mean that the caller subtracts, for each channel; 0 if the file scales pixels itself. */
  readonly mean: readonly number[];
  /** Divisor that the caller applies, for each channel; 1 if the file scales pixels itself. */
  readonly std: readonly number[];
  /** Smallest and largest input value: black and white. */
  readonly range: readonly [number, number];
}

/** Options of the input. */
export interface OnnxInputOptions {
  /** Order of the axes; default `'nchw'`, which face recognition servers expect. */
  readonly layout?: 'nchw' | 'nhwc';
  /** Element type; default `'float32'`. */
  readonly inputType?: 'float32' | 'uint8';
  /**
   * Where pixels are scaled. `'inside'`: the file takes pixel values from 0 to 255 and scales them. `'outside'` (default):
   * the caller scales them.
   */
  readonly preprocessing?: 'outside' | 'inside';
  /** Scaling of the training. */
  readonly scaling?: PixelScaling;
  /** Colour order of the training; default `'rgb'`, `'gray'` for one channel. */
  readonly colorOrder?: ColorOrder;
}

/** Scaling inside the graph, for each channel. */
export interface InnerScaling {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * Returns the input convention that follows from the options, and the scaling inside the graph (null for none).
 * @throws ConfigError if options are out of range, or do not fit each other or the model
 */
export function resolveInput(
  options: OnnxInputOptions,
  [height, width, channels]: readonly [number | null, number | null, number],
): { readonly convention: OnnxInputConvention; readonly inner: InnerScaling | null } {
  const { layout = 'nchw', inputType = 'float32', preprocessing = 'outside', scaling = {} } = options;
  const { colorOrder = channels === 1 ? 'gray' : 'rgb' } = options;
  checkChoice('layout', layout, ['nchw', 'nhwc']);
  checkChoice('inputType', inputType, ['float32', 'uint8']);
  checkChoice('preprocessing', preprocessing, ['outside', 'inside']);
  checkChoice('colorOrder', colorOrder, channels === 1 ? ['gray'] : ['rgb', 'bgr']);
  const mean = perChannel('mean', scaling.mean, channels);
  const std = perChannel('std', scaling.std, channels);
  if (std.includes(0)) throw new ConfigError('scaling: std must not be 0.');
  const isNone = mean.every((value) => value === 0) && std.every((value) => value === 1);
  if (inputType === 'uint8' && preprocessing === 'outside' && !isNone) {
    throw new ConfigError(
      "inputType 'uint8' needs unscaled pixels. Set preprocessing to 'inside', or scaling to { mean: 0, std: 1 } if the " +
        'model scales pixels itself.',
    );
  }
  const isInside = preprocessing === 'inside';
  const left = isInside ? { mean: mean.map(() => 0), std: std.map(() => 1) } : { mean, std };
  const ends = left.mean.flatMap((value, channel) =>
    [0, 255].map((pixel) => (pixel - value) / left.std[channel]!),
  );
  const range = [Math.min(...ends), Math.max(...ends)] as const;
  return {
    convention: { layout, type: inputType, size: [height, width], channels, colorOrder, ...left, range },
    inner: isInside && !isNone ? { mean, std } : null,
  };
}

function perChannel(
  name: string,
  value: number | readonly number[] = 127.5,
  channels: number,
): readonly number[] {
  const values = typeof value === 'number' ? new Array<number>(channels).fill(value) : value;
  if (values.length !== channels) {
    throw new ConfigError(
      `scaling: ${name} has ${values.length} numbers, but the model has ${channels} channels.`,
    );
  }
  for (const number of values) checkNumber(`scaling: ${name}`, number);
  return values;
}
