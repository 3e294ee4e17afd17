import type { PixelImage } from './pixel-image.ts';

/** Neighbouring pixels of a sample, at most three for each axis, with their weights. */
interface Taps {
  /** Index of the first pixel of each sample, clamped to the image. */
  readonly starts: Int32Array;
  /** `[samples, 3]`: weights of the pixels from the start on; 0 for pixels outside the image. */
  readonly weights: Float64Array;
  /** Sum of the weights of the pixels outside the image. */
  readonly outside: Float64Array;
}

const tapsPerSample = 3;

/**
 * Fills `output` with bilinear samples of an image that is scaled and moved, but not turned. Computes the same as the samples one
 * by one, but first along the rows and then along the columns, which takes a third of the time.
 *
 * @param scale pixels of the image for each pixel of the output
 * @param x0 position of the first sample in the image; integers are pixel centres
 * @param offset each output pixel is the mean of the four samples at `±offset`, in [0, 0.5]; 0: one sample
 * @param border value of pixels outside the image
 */
export function resampleUpright(
  image: PixelImage,
  { scale, x0, y0, offset }: { scale: number; x0: number; y0: number; offset: number },
  border: number,
  output: PixelImage,
): void {
  const { channels } = image;
  const columns = findTaps(output.width, image.width, (column) => scale * column + x0, offset);
  const rows = findTaps(output.height, image.height, (row) => scale * row + y0, offset);
  const length = output.width * channels;
  const cache = Array.from({ length: tapsPerSample }, () => ({ row: -1, values: new Float64Array(length) }));
  const filteredRow = (row: number) => {
    const entry = cache[row % tapsPerSample]!;
    if (entry.row !== row) {
      filterRow(image, row, columns, border, entry.values);
      entry.row = row;
    }
    return entry.values;
  };
  const { data } = output;
  for (let row = 0; row < output.height; row++) {
    const first = rows.weights[tapsPerSample * row]!;
    const second = rows.weights[tapsPerSample * row + 1]!;
    const third = rows.weights[tapsPerSample * row + 2]!;
    const start = rows.starts[row]!;
    const last = image.height - 1;
    // A row with the weight 0 may be any row.
    const one = filteredRow(start);
    const two = second === 0 ? one : filteredRow(Math.min(last, start + 1));
    const three = third === 0 ? one : filteredRow(Math.min(last, start + 2));
    const rest = rows.outside[row]! * border + 0.5;
    const target = row * length;
    for (let index = 0; index < length; index++) {
      data[target + index] = one[index]! * first + two[index]! * second + three[index]! * third + rest;
    }
  }
}

function findTaps(
  samples: number,
  pixels: number,
  position: (sample: number) => number,
  offset: number,
): Taps {
  const starts = new Int32Array(samples);
  const weights = new Float64Array(tapsPerSample * samples);
  const outside = new Float64Array(samples);
  const shifts = offset > 0 ? [-offset, offset] : [0];
  for (let sample = 0; sample < samples; sample++) {
    const first = Math.floor(position(sample) + shifts[0]!);
    const start = Math.max(0, Math.min(pixels - 1, first));
    starts[sample] = start;
    for (const shift of shifts) {
      const place = position(sample) + shift;
      const left = Math.floor(place);
      const addTap = (pixel: number, share: number) => {
        if (pixel < 0 || pixel >= pixels) outside[sample]! += share / shifts.length;
        else weights[tapsPerSample * sample + pixel - start]! += share / shifts.length;
      };
      addTap(left, 1 - (place - left));
      addTap(left + 1, place - left);
    }
  }
  return { starts, weights, outside };
}

/** Fills `values`, `[output width, channels]`, with the samples of a row. */
function filterRow(
  { data, width, channels }: PixelImage,
  row: number,
  { starts, weights, outside }: Taps,
  border: number,
  values: Float64Array,
): void {
  const begin = row * width * channels;
  const last = begin + (width - 1) * channels;
  let target = 0;
  for (let sample = 0; sample < starts.length; sample++) {
    // Pixels outside the image have the weight 0.
    const one = begin + starts[sample]! * channels;
    const two = Math.min(last, one + channels);
    const three = Math.min(last, two + channels);
    const first = weights[tapsPerSample * sample]!;
    const second = weights[tapsPerSample * sample + 1]!;
    const third = weights[tapsPerSample * sample + 2]!;
    const rest = outside[sample]! * border;
    if (channels === 3) {
      // Most images; the loop takes twice as long.
      values[target] = data[one]! * first + data[two]! * second + data[three]! * third + rest;
      values[target + 1] = data[one + 1]! * first + data[two + 1]! * second + data[three + 1]! * third + rest;
      values[target + 2] = data[one + 2]! * first + data[two + 2]! * second + data[three + 2]! * third + rest;
      target += 3;
      continue;
    }
    for (let channel = 0; channel < channels; channel++) {
      values[target++] =
        data[one + channel]! * first + data[two + channel]! * second + data[three + channel]! * third + rest;
    }
  }
}
