import { transposeConstant } from '../graph/tensor.ts';
import { featureOrder, layoutName, type Value } from '../graph/value.ts';
import { addActivation } from './activations.ts';
import {
  addLayerConstant,
  type LayerCall,
  type LayerConverter,
  type LayerWeight,
  requireSingleInput,
  requireWeight,
} from './layer-call.ts';

/** `Dense` works on the last axis of any number of axes. */
const dense: LayerConverter = (call) => {
  const input = requireSingleInput(call);
  const hasBias = call.config.useBias !== false;
  const bias = () => addLayerConstant(call, 'bias', () => requireWeight(call, 'bias'));
  const result = (name: string) => addActivation(call, { name, shape: call.outputShape });
  const biases = hasBias ? [bias()] : [];
  if (input.shape.length === 2) {
    return result(
      call.graph.add('Gemm', [input.name, addKernel(call, input), ...biases], { name: call.name }),
    );
  }
  if (input.shape.length === 4) {
    // Dense at each pixel of a feature map is a 1 × 1 convolution.
    const kernel = addLayerConstant(call, 'kernel as convolution', () => {
      const { shape, data } = transposeConstant(requireWeight(call, 'kernel'), [1, 0]);
      return { shape: [...shape, 1, 1], data };
    });
    return result(call.graph.add('Conv', [input.name, kernel, ...biases], { name: call.name }));
  }
  const product = call.graph.add('MatMul', [input.name, addKernel(call, input)], { name: call.name });
  return result(hasBias ? call.graph.add('Add', [product, bias()], { name: call.name }) : product);
};

/** Adds the kernel `[in, out]`, with its rows permuted to the layout of the input. */
function addKernel(call: LayerCall, input: Value): string {
  const kernel = requireWeight(call, 'kernel');
  const { flattenedFrom } = input;
  return addLayerConstant(call, `kernel${layoutName(input)}`, () =>
    flattenedFrom === undefined ? kernel : permuteRows(kernel, featureOrder(flattenedFrom)),
  );
}

function permuteRows({ shape, data }: LayerWeight, order: readonly number[]): LayerWeight {
  const length = shape[1]!;
  const sorted = new Float32Array(data.length);
  order.forEach((row, index) => {
    sorted.set(data.subarray(row * length, (row + 1) * length), index * length);
  });
  return { shape, data: sorted };
}

/** Converter of `Dense`. */
export const denseLayers: Readonly<Record<string, LayerConverter>> = { Dense: dense };
