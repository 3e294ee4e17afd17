import { UnsupportedLayerError } from '../errors.ts';
import { float } from '../graph/attributes.ts';
import { layoutName, permuteToLayout, type Value } from '../graph/value.ts';
import {
  addLayerConstant,
  type LayerCall,
  type LayerConverter,
  requireSingleInput,
  requireWeight,
} from './layer-call.ts';

/** `gamma · (x − mean) / √(variance + epsilon) + beta`, with the running statistics. */
const batchNormalization: LayerConverter = (call) => {
  const input = requireSingleInput(call);
  const { axis, epsilon } = call.config as { axis: number; epsilon: number };
  const rank = input.shape.length;
  if (axis !== -1 && axis !== rank - 1) {
    throw new UnsupportedLayerError(
      call,
      `it normalises axis ${axis}, but must normalise the last one, the channels.`,
    );
  }
  const mean = addParameter(call, input, 'moving_mean', 0);
  const variance = addParameter(call, input, 'moving_variance', 1);
  const gamma = addParameter(call, input, 'gamma', 1);
  const beta = addParameter(call, input, 'beta', 0);
  if (rank !== 2 && rank !== 4) {
    throw new UnsupportedLayerError(call, `its input has ${rank} axes, but must have 2 or 4.`);
  }
  const name = call.graph.add('BatchNormalization', [input.name, gamma, beta, mean, variance], {
    name: call.name,
    attributes: { epsilon: float(epsilon) },
  });
  return { ...input, name };
};

/** Adds a parameter of each channel; `otherwise` is its value if the layer does not have it. */
function addParameter(call: LayerCall, input: Value, name: string, otherwise: number): string {
  return addLayerConstant(call, `${name}${layoutName(input)}`, () => {
    const { length } = requireWeight(call, 'moving_mean').data;
    const data = call.weights[name]?.data ?? new Float32Array(length).fill(otherwise);
    return { shape: [length], data: permuteToLayout(input, data) };
  });
}

/** Converters of normalisation layers. */
export const normalizationLayers: Readonly<Record<string, LayerConverter>> = {
  BatchNormalization: batchNormalization,
};
