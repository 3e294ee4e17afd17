import { UnsupportedLayerError } from '../errors.ts';
import { float } from '../graph/attributes.ts';
import { inOrderOf, orderName, type Value } from '../graph/value.ts';
import { constantOf, type LayerCall, type LayerConverter, onlyInput, weightOf } from './layer-call.ts';

/** `gamma · (x − mean) / √(variance + epsilon) + beta`, with the running statistics. */
const batchNormalization: LayerConverter = (call) => {
  const input = onlyInput(call);
  const { axis, epsilon } = call.config as { axis: number; epsilon: number };
  const rank = input.shape.length;
  if (axis !== -1 && axis !== rank - 1) {
    throw new UnsupportedLayerError(call, `it normalises axis ${axis}, not the last one, the channels.`);
  }
  const mean = parameter(call, input, 'moving_mean', 0);
  const variance = parameter(call, input, 'moving_variance', 1);
  const gamma = parameter(call, input, 'gamma', 1);
  const beta = parameter(call, input, 'beta', 0);
  if (rank !== 2 && rank !== 4) {
    throw new UnsupportedLayerError(call, `its input has ${rank} axes; 2 and 4 are converted.`);
  }
  const name = call.graph.add('BatchNormalization', [input.name, gamma, beta, mean, variance], {
    name: call.name,
    attributes: { epsilon: float(epsilon) },
  });
  return { ...input, name };
};

/** A parameter of each channel; the value that it has everywhere if the layer goes without. */
function parameter(call: LayerCall, input: Value, name: string, otherwise: number): string {
  return constantOf(call, `${name}${orderName(input)}`, () => {
    const { length } = weightOf(call, 'moving_mean').data;
    const data = call.weights[name]?.data ?? new Float32Array(length).fill(otherwise);
    return { shape: [length], data: inOrderOf(input, data) };
  });
}

/** Layers that normalise. */
export const normalizationLayers: Readonly<Record<string, LayerConverter>> = {
  BatchNormalization: batchNormalization,
};
