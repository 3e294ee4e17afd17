import { UnsupportedLayerError } from '../errors.ts';
import { type Attribute, float, int } from '../graph/attributes.ts';
import { type ConstantTensor, scalar, transposed } from '../graph/tensor.ts';
import { graphAxis, inOrderOf, orderName, type Value } from '../graph/value.ts';
import { constantOf, type LayerCall, type LayerConverter, onlyInput, weightOf } from './layer-call.ts';

/** Adds nodes that work on each number, or along the channels; gives the name of the result. */
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

/** By the names under which tfjs-layers knows them. */
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
  return call.graph.constant(`number ${value}`, () => scalar(value));
}

function halfTimesOnePlus(call: LayerCall, input: string, inner: string): string {
  const half = binary(call, 'Mul', input, number(call, 0.5));
  return binary(call, 'Mul', half, binary(call, 'Add', inner, number(call, 1)));
}

function clip(call: LayerCall, input: Value, maximum: number): string {
  return call.graph.add('Clip', [input.name, number(call, 0), number(call, maximum)], { name: call.name });
}

/** The activation that a layer has as an option, applied to its result. */
export function withActivation(call: LayerCall, input: Value): Value {
  const { activation: name = 'linear' } = call.config as { activation?: string };
  const activation = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (activation === undefined) {
    const known = Object.keys(activations).join(', ');
    throw new UnsupportedLayerError(call, `its activation '${name}' is none of ${known}.`);
  }
  return { ...input, name: activation(call, input) };
}

/** A layer that applies a function to each number. */
const layer =
  (activation: Activation): LayerConverter =>
  (call) => {
    const input = onlyInput(call);
    return { ...input, name: activation(call, input) };
  };

/** Layers that are activations. */
export const activationLayers: Readonly<Record<string, LayerConverter>> = {
  Activation: (call) => withActivation(call, onlyInput(call)),
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
    const slopes = constantOf(call, `alpha${orderName(input)}`, () => slopesInGraphOrder(call, input));
    return binary(call, 'PRelu', input.name, slopes);
  }),
  Softmax: layer((call, input) => {
    const { axis } = call.config as { axis: number | readonly number[] };
    const axes = [axis].flat() as number[];
    if (axes.length !== 1) throw new UnsupportedLayerError(call, `it has ${axes.length} axes, not one.`);
    return node('Softmax', { axis: int(graphAxis(input, axes[0]!)) })(call, input);
  }),
};

function numberOption(call: LayerCall, option: string): Attribute {
  return float(call.config[option] as number);
}

/** The slopes have the shape of one image, with 1 along the axes that share them. */
function slopesInGraphOrder(call: LayerCall, input: Value): ConstantTensor {
  const { shape, data } = weightOf(call, 'alpha');
  if (input.shape.length === 4) return transposed({ shape, data }, [2, 0, 1]);
  return { shape, data: data.length === 1 ? data : inOrderOf(input, data) };
}
