import { UnsupportedLayerError } from '../errors.ts';
import { int } from '../graph/attributes.ts';
import { addReshape, graphAxis, layoutName, toTfjsLayout, type Value } from '../graph/value.ts';
import type { LayerCall, LayerConverter } from './layer-call.ts';

/** Returns the converter of a sum, product, … of tensors of equal shape, or of length 1 along some axes. */
const elementwise =
  (opType: string): LayerConverter =>
  (call) => {
    const inputs = matchLayouts(call);
    const { flattenedFrom } = inputs[0]!;
    return {
      name: combineAll(
        call,
        opType,
        inputs.map(({ name }) => name),
      ),
      shape: call.outputShape,
      ...(flattenedFrom && { flattenedFrom }),
    };
  };

/** Adds an operation on all inputs. `Add` and `Mul` take two tensors; `Max`, `Min` and `Mean` take any number. */
function combineAll({ graph, name }: LayerCall, opType: string, inputs: readonly string[]): string {
  if (opType !== 'Add' && opType !== 'Mul') return graph.add(opType, inputs, { name });
  return inputs.reduce((sum, input) => graph.add(opType, [sum, input], { name }));
}

/** Returns the inputs with equal numbers of axes and in one layout. */
function matchLayouts(call: LayerCall): readonly Value[] {
  const rank = Math.max(...call.inputs.map(({ shape }) => shape.length));
  const hasOneLayout =
    new Set(call.inputs.map(layoutName)).size === 1 &&
    call.inputs.every(({ shape }) => shape.length === rank && shape[1] === call.outputShape[1]);
  if (rank === 2 && hasOneLayout) return call.inputs;
  return call.inputs.map((value) => {
    if (value.shape.length === rank) {
      return rank === 2 ? toTfjsLayout(call.graph, value, call.name) : value;
    }
    if (value.shape.length === 2 && rank === 4) return toMap(call, value);
    const ranks = call.inputs.map(({ shape }) => shape.length).join(', ');
    throw new UnsupportedLayerError(
      call,
      `its inputs have different numbers of axes: ${ranks}. Only features and feature maps may be mixed.`,
    );
  });
}

/** Returns features `[batch, channels]` as a map of one pixel, as tfjs broadcasts them to a feature map. */
function toMap(call: LayerCall, value: Value): Value {
  const { name, shape } = toTfjsLayout(call.graph, value, call.name);
  const channels = shape[1] ?? null;
  return {
    name: addReshape(call.graph, name, [channels, 1, 1], call.name),
    shape: [shape[0] ?? null, 1, 1, channels],
  };
}

const concatenate: LayerConverter = (call) => {
  const { axis } = call.config as { axis: number };
  const inputs = call.inputs.map((value) =>
    value.shape.length === 2 ? toTfjsLayout(call.graph, value, call.name) : value,
  );
  const joined = graphAxis(inputs[0]!, axis);
  if (joined === 0)
    throw new UnsupportedLayerError(
      call,
      'it concatenates along the batch, but must concatenate along another axis.',
    );
  const names = inputs.map(({ name }) => name);
  return {
    name: call.graph.add('Concat', names, { name: call.name, attributes: { axis: int(joined) } }),
    shape: call.outputShape,
  };
};

/** Converters of layers with several inputs. */
export const mergeLayers: Readonly<Record<string, LayerConverter>> = {
  Add: elementwise('Add'),
  Multiply: elementwise('Mul'),
  Average: elementwise('Mean'),
  Maximum: elementwise('Max'),
  Minimum: elementwise('Min'),
  Concatenate: concatenate,
};
