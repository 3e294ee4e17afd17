import { dispose } from '@tensorflow/tfjs-core';
import { type Comparison, compare } from './measure.ts';
import { openset, sample, startWasm, stock } from './wasm-kernel.ts';

/** Images, size, input and output channels, stride. */
type Layer = readonly [number, number, number, number, number];

const layers: readonly Layer[] = [
  // IR-ResNet-18 on images of 32² pixels.
  [32, 16, 64, 64, 1],
  [32, 8, 128, 128, 1],
  [32, 4, 256, 256, 1],
  [32, 2, 512, 512, 1],
  // The same on images of 112² pixels.
  [16, 112, 64, 64, 1],
  [16, 56, 64, 64, 1],
  [16, 28, 128, 128, 1],
  [16, 14, 256, 256, 1],
  [16, 7, 512, 512, 1],
  [16, 56, 128, 128, 2],
  [16, 14, 512, 512, 2],
  // First layers.
  [32, 32, 3, 64, 1],
  [16, 112, 3, 64, 1],
  [128, 28, 1, 16, 1],
  // Small networks.
  [128, 14, 16, 32, 1],
  [128, 14, 16, 32, 2],
  [128, 7, 32, 64, 1],
];

/** Layers of 2 × 2 taps, which start the stages of LResNetE-IR. */
const halvingLayers: readonly Layer[] = [
  [32, 32, 64, 64, 2],
  [32, 16, 128, 128, 2],
  [32, 8, 256, 256, 2],
  [32, 4, 512, 512, 2],
  [16, 112, 64, 64, 2],
  [16, 28, 256, 256, 2],
];

/** Depthwise layers of MobileFaceNet: images, size, channels, filter side, stride. */
const depthwiseLayers: readonly Layer[] = [
  [16, 56, 64, 3, 1],
  [16, 56, 128, 3, 2],
  [16, 28, 128, 3, 1],
  [16, 14, 256, 3, 1],
  [16, 7, 512, 7, 1],
];

/** Measures 3 × 3, 2 × 2 and depthwise convolutions: forward, and the gradients by the input and by the filter. */
export async function conv(): Promise<Comparison[]> {
  await startWasm();
  const dense = layers.flatMap(([batch, size, inChannels, outChannels, stride]) =>
    threeWays(
      `${batch} × ${size}², ${inChannels} → ${outChannels}${stride > 1 ? `, stride ${stride}` : ''}`,
      'Conv2D',
      [batch, size, size, inChannels],
      [3, 3, inChannels, outChannels],
      stride,
    ),
  );
  const halving = halvingLayers.flatMap(([batch, size, inChannels, outChannels, stride]) =>
    threeWays(
      `${batch} × ${size}², ${inChannels} → ${outChannels}, 2 × 2 taps, stride ${stride}`,
      'Conv2D',
      [batch, size, size, inChannels],
      [2, 2, inChannels, outChannels],
      stride,
    ),
  );
  const depthwise = depthwiseLayers.flatMap(([batch, size, channels, taps, stride]) =>
    threeWays(
      `depthwise ${batch} × ${size}², ${channels}, ${taps} × ${taps} taps${stride > 1 ? `, stride ${stride}` : ''}`,
      'DepthwiseConv2dNative',
      [batch, size, size, channels],
      [taps, taps, channels, 1],
      stride,
    ),
  );
  return [...dense, ...halving, ...depthwise];
}

function threeWays(
  layer: string,
  kernel: string,
  inputShape: number[],
  filterShape: number[],
  stride: number,
): Comparison[] {
  const [batch, size, , inChannels] = inputShape as [number, number, number, number];
  const [taps, , , outChannels] = filterShape as [number, number, number, number];
  // A filter larger than 3 × 3 covers the whole image, without padding.
  const outSize = taps > 3 ? 1 : Math.ceil(size / stride);
  const depthwise = kernel !== 'Conv2D';
  const attributes = {
    strides: [stride, stride],
    pad: taps > 3 ? 'valid' : 'same',
    dataFormat: 'NHWC',
    dilations: [1, 1],
    inputShape,
    filterShape,
  };
  const x = sample(inputShape);
  const filter = sample(filterShape);
  const dy = sample([batch, outSize, outSize, depthwise ? inChannels : outChannels]);
  const products = batch * outSize ** 2 * taps ** 2 * inChannels * outChannels;
  const rows = [
    ['forward', kernel, { x, filter }],
    ['by the input', `${kernel}BackpropInput`, { dy, filter }],
    ['by the filter', `${kernel}BackpropFilter`, { x, dy }],
  ] as const;
  const comparisons = rows.map(([name, kernelName, inputs]) => {
    const ours = openset(kernelName, inputs, attributes);
    const theirs = stock(kernelName, inputs, attributes);
    // The stock gradient by the input takes seconds.
    const runs = theirs && name === 'by the input' && products > 2e8 ? 3 : 11;
    return compare(`${layer}, ${name}`, ours, theirs, runs);
  });
  dispose([x, filter, dy]);
  return comparisons;
}
