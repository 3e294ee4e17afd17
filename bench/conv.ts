import { dispose } from '@tensorflow/tfjs-core';
import { type Comparison, compare } from './measure.ts';
import { openset, sample, startWasm, stock } from './wasm-kernel.ts';

/** Images, size, channels in and out, stride: the layers of small networks. */
const layers: readonly [number, number, number, number, number][] = [
  [128, 28, 1, 16, 1],
  [128, 14, 16, 32, 1],
  [128, 14, 16, 32, 2],
  [128, 7, 32, 64, 1],
  [32, 28, 64, 64, 1],
];

/** The gradients of 3 × 3 convolutions by their input and by their filter. */
export async function conv(): Promise<Comparison[]> {
  await startWasm();
  const rows: Comparison[] = [];
  for (const [batch, size, inChannels, outChannels, stride] of layers) {
    const inputShape = [batch, size, size, inChannels];
    const filterShape = [3, 3, inChannels, outChannels];
    const outSize = Math.ceil(size / stride);
    const attributes = { strides: stride, pad: 'same', dataFormat: 'NHWC', inputShape, filterShape };
    const x = sample(inputShape);
    const filter = sample(filterShape);
    const dy = sample([batch, outSize, outSize, outChannels]);
    const layer = `${batch} × ${size}², ${inChannels} → ${outChannels}, stride ${stride}`;
    for (const [name, kernel, inputs] of [
      ['by the input', 'Conv2DBackpropInput', { dy, filter }],
      ['by the filter', 'Conv2DBackpropFilter', { x, dy }],
    ] as const) {
      const run = [
        `${layer}, ${name}`,
        openset(kernel, inputs, attributes),
        stock(kernel, inputs, attributes),
      ] as const;
      rows.push(compare(...run));
    }
    dispose([x, filter, dy]);
  }
  return rows;
}
