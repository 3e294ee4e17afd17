import { ConfigError, checkChoice, checkNumber } from '@openset/core';

/** How pixel values 0 to 255 become the numbers that the backbone was trained with: `(value − mean) / std`. */
export interface PixelScaling {
  /** For all channels or for each; default 127.5. */
  readonly mean?: number | readonly number[];
  /** For all channels or for each; default 127.5, so that values lie in [−1, 1]. */
  readonly std?: number | readonly number[];
}

/** Order of the colour channels. */
export type ColorOrder = 'rgb' | 'bgr' | 'gray';

/** What an ONNX file takes. The reader of a file feeds it `(pixel − mean) / std`, with pixels from 0 to 255. */
export interface OnnxInputConvention {
  /** Order of the axes: `[batch, channels, height, width]` or `[batch, height, width, channels]`. */
  readonly layout: 'nchw' | 'nhwc';
  /** Element type. */
  readonly type: 'float32' | 'uint8';
  /** Null where any length is taken. */
  readonly size: readonly [height: number | null, width: number | null];
  readonly channels: number;
  readonly colorOrder: ColorOrder;
  /** What is left to be done with pixel values, for each channel; 0 where the file does it itself. */
  readonly mean: readonly number[];
  /** What is left to be done with pixel values, for each channel; 1 where the file does it itself. */
  readonly std: readonly number[];
  /** The smallest and the largest number that goes in: black and white. */
  readonly range: readonly [number, number];
}

/** Options of the input. */
export interface OnnxInputOptions {
  /** Order of the axes; default `'nchw'`, as face recognition servers take it. */
  readonly layout?: 'nchw' | 'nhwc';
  /** Element type; default `'float32'`. */
  readonly inputType?: 'float32' | 'uint8';
  /**
   * Whether the file takes pixel values from 0 to 255 and scales them itself (`'inside'`), or numbers that are scaled
   * already (`'outside'`, the default).
   */
  readonly preprocessing?: 'outside' | 'inside';
  /** The scaling that the backbone was trained with. */
  readonly scaling?: PixelScaling;
  /** The order of colours that the backbone was trained with; default `'rgb'`, `'gray'` for one channel. */
  readonly colorOrder?: ColorOrder;
}

/** The scaling that the graph carries out itself, for each channel; null for none. */
export interface InnerScaling {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * The convention that follows from the options, and the scaling that the graph does itself.
 * @throws ConfigError for options that are out of range or do not go with each other or with the model
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
      "inputType 'uint8' takes pixels as they are: give preprocessing 'inside', or scaling { mean: 0, std: 1 } if the " +
        'model scales them itself.',
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
      `scaling: ${name} has ${values.length} numbers, but the model ${channels} channels.`,
    );
  }
  for (const number of values) checkNumber(`scaling: ${name}`, number);
  return values;
}
