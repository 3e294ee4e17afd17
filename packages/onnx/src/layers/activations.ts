import { UnsupportedLayerError } from '../errors.ts';
import { type Attribute, float, int } from '../graph/attributes.ts';
import { type ConstantTensor, scalar, transposeConstant } from '../graph/tensor.ts';
import { graphAxis, layoutName, permuteToLayout, type Value } from '../graph/value.ts';
import {
  addLayerConstant,
  type LayerCall,
  type LayerConverter,
  requireSingleInput,
  requireWeight,
} from './layer-call.ts';

/** Adds the nodes of an element-wise or channel-wise function and returns the name of the result. */
type Activation = (call: LayerCall, input: Value) => string;

const node =
  (opType: string, attributes: Readonly<Record<string, Attribute>> = {}): Activation =>
  (call, input) =>
    call.graph.add(opType, [input.name], { name: call.name, attributes });

const alongChannels =
  (opType: string): Activation =>
  (call, input) =>
    node(opType, { axis: int(graphAxis(input, -1)) })(call, input);

const relu = node('Relu');

/** Activations by their names in tfjs-layers. */
const activations: Readonly<Record<string, Activation>> = {
  linear: (_, input) => input.name,
  relu,
  relu6: (call, input) => clip(call, input, 6),
  elu: node('Elu'),
  selu: node('Selu'),
  sigmoid: node('Sigmoid'),
  // tfjs: clip(0.2 x + 0.5, 0, 1)
  hardSigmoid: node('HardSigmoid', { alpha: float(0.2), beta: float(0.5) }),
  softplus: node('Softplus'),
  softsign: node('Softsign'),
  tanh: node('Tanh'),
  softmax: alongChannels('Softmax'),
  logSoftmax: alongChannels('LogSoftmax'),
  swish: (call, { name }) => binary(call, 'Mul', name, unary(call, 'Sigmoid', name)),
  mish: (call, { name }) => binary(call, 'Mul', name, unary(call, 'Tanh', unary(call, 'Softplus', name))),
  // x/2 · (1 + erf(x / √2))
  gelu: (call, { name }) => {
    const scaled = binary(call, 'Mul', name, number(call, Math.SQRT1_2));
    return halfTimesOnePlus(call, name, unary(call, 'Erf', scaled));
  },
  // x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))
  gelu_new: (call, { name }) => {
    const cube = binary(call, 'Mul', binary(call, 'Mul', name, name), name);
    const sum = binary(call, 'Add', name, binary(call, 'Mul', cube, number(call, 0.044715)));
    const scaled = binary(call, 'Mul', sum, number(call, Math.sqrt(2 / Math.PI)));
    return halfTimesOnePlus(call, name, unary(call, 'Tanh', scaled));
  },
};

function unary(call: LayerCall, opType: string, input: string): string {
  return call.graph.add(opType, [input], { name: call.name });
}

function binary(call: LayerCall, opType: string, first: string, second: string): string {
  return call.graph.add(opType, [first, second], { name: call.name });
}

function number(call: LayerCall, value: number): string {
  return call.graph.addConstant(`number ${value}`, () => scalar(value));
}

function halfTimesOnePlus(call: LayerCall, input: string, inner: string): string {
  const half = binary(call, 'Mul', input, number(call, 0.5));
  return binary(call, 'Mul', half, binary(call, 'Add', inner, number(call, 1)));
}

function clip(call: LayerCall, input: Value, maximum: number): string {
  return call.graph.add('Clip', [input.name, number(call, 0), number(call, maximum)], { name: call.name });
}

/** Applies a layer's `activation` option to its result. */
export function addActivation(call: LayerCall, input: Value): Value {
  const { activation: name = 'linear' } = call.config as { activation?: string };
  const activation = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (activation === undefined) {
    const known = Object.keys(activations).join(', ');
    throw new UnsupportedLayerError(call, `its activation is '${name}', but must be one of ${known}.`);
  }
  return { ...input, name: activation(call, input) };
}

/** Returns the converter of a layer that is only an activation. */
const layer =
  (activation: Activation): LayerConverter =>
  (call) => {
    const input = requireSingleInput(call);
    return { ...input, name: activation(call, input) };
  };

/** Converters of activation layers. */
export const activationLayers: Readonly<Record<string, LayerConverter>> = {
  Activation: (call) => addActivation(call, requireSingleInput(call)),
  ReLU: layer((call, input) => {
    const { maxValue } = call.config as { maxValue?: number | null };
    return maxValue == null ? relu(call, input) : clip(call, input, maxValue);
  }),
  LeakyReLU: layer((call, input) => node('LeakyRelu', { alpha: numberOption(call, 'alpha') })(call, input)),
  ELU: layer(node('Elu')),
  ThresholdedReLU: layer((call, input) =>
    node('ThresholdedRelu', { alpha: numberOption(call, 'theta') })(call, input),
  ),
  PReLU: layer((call, input) => {
    const slopes = addLayerConstant(call, `alpha${layoutName(input)}`, () => readSlopes(call, input));
    return binary(call, 'PRelu', input.name, slopes);
  }),
  Softmax: layer((call, input) => {
    const { axis } = call.config as { axis: number | readonly number[] };
    const axes = [axis].flat() as number[];
    if (axes.length !== 1)
      throw new UnsupportedLayerError(call, `it has ${axes.length} axes, but must have one.`);
    return node('Softmax', { axis: int(graphAxis(input, axes[0]!)) })(call, input);
  }),
};

function numberOption(call: LayerCall, option: string): Attribute {
  return float(call.config[option] as number);
}

/** Returns the slopes in the layout of the input. Their shape is that of one image, with 1 along shared axes. */
function readSlopes(call: LayerCall, input: Value): ConstantTensor {
  const { shape, data } = requireWeight(call, 'alpha');
  if (input.shape.length === 4) return transposeConstant({ shape, data }, [2, 0, 1]);
  return { shape, data: data.length === 1 ? data : permuteToLayout(input, data) };
}
