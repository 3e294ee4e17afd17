import { transposed } from '../graph/tensor.ts';
import { featureOrder, orderName, type Value } from '../graph/value.ts';
import { withActivation } from './activations.ts';
import {
  constantOf,
  type LayerCall,
  type LayerConverter,
  type LayerWeight,
  onlyInput,
  weightOf,
} from './layer-call.ts';

/** `Dense` works on the last axis, whatever the others are. */
const dense: LayerConverter = (call) => {
  const input = onlyInput(call);
  const hasBias = call.config.useBias !== false;
  const bias = () => constantOf(call, 'bias', () => weightOf(call, 'bias'));
  const result = (name: string) => withActivation(call, { name, shape: call.outputShape });
  const biases = hasBias ? [bias()] : [];
  if (input.shape.length === 2) {
    return result(
      call.graph.add('Gemm', [input.name, kernelFor(call, input), ...biases], { name: call.name }),
    );
  }
  if (input.shape.length === 4) {
    // At each pixel of a feature map: a convolution with a kernel of one pixel.
    const kernel = constantOf(call, 'kernel as convolution', () => {
      const { shape, data } = transposed(weightOf(call, 'kernel'), [1, 0]);
      return { shape: [...shape, 1, 1], data };
    });
    return result(call.graph.add('Conv', [input.name, kernel, ...biases], { name: call.name }));
  }
  const product = call.graph.add('MatMul', [input.name, kernelFor(call, input)], { name: call.name });
  return result(hasBias ? call.graph.add('Add', [product, bias()], { name: call.name }) : product);
};

/** The kernel `[in, out]`, its rows sorted as the features of a flattened map are. */
function kernelFor(call: LayerCall, input: Value): string {
  const kernel = weightOf(call, 'kernel');
  const { flattenedFrom } = input;
  return constantOf(call, `kernel${orderName(input)}`, () =>
    flattenedFrom === undefined ? kernel : sortedRows(kernel, featureOrder(flattenedFrom)),
  );
}

function sortedRows({ shape, data }: LayerWeight, order: readonly number[]): LayerWeight {
  const length = shape[1]!;
  const sorted = new Float32Array(data.length);
  order.forEach((row, place) => {
    sorted.set(data.subarray(row * length, (row + 1) * length), place * length);
  });
  return { shape, data: sorted };
}

/** Fully connected layers. */
export const denseLayers: Readonly<Record<string, LayerConverter>> = { Dense: dense };
