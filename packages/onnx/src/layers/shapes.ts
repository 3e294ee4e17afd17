import { UnsupportedLayerError } from '../errors.ts';
import { scalar, wholeNumbers } from '../graph/tensor.ts';
import { addReshape, addTranspose, isLayoutInvariant, toTfjsLayout, type Value } from '../graph/value.ts';
import { checkChannelsLast, type LayerCall, type LayerConverter, requireSingleInput } from './layer-call.ts';

const flatten: LayerConverter = (call) => {
  checkChannelsLast(call);
  return addFlatten(call, requireSingleInput(call));
};

function addFlatten(call: LayerCall, input: Value): Value {
  if (input.shape.length === 2) return input;
  const name = call.graph.add('Flatten', [input.name], { name: call.name });
  const [, height, width, channels] = input.shape;
  if (height == null || width == null || channels == null || isLayoutInvariant(input.shape)) {
    return { name, shape: call.outputShape };
  }
  return { name, shape: call.outputShape, flattenedFrom: { height, width, channels } };
}

const reshapeLayer: LayerConverter = (call) => {
  const { graph, name, outputShape } = call;
  const input = requireSingleInput(call);
  const isKnown = input.shape.slice(1).every((length) => length !== null);
  if (outputShape.length === 2 && isKnown) return addFlatten(call, input);
  const unknown = outputShape.slice(1).filter((length) => length === null).length;
  if (unknown > 1) {
    throw new UnsupportedLayerError(
      call,
      `${unknown} lengths of its output [${outputShape}] are unknown, but at most one may be.`,
    );
  }
  const source = toTfjsLayout(graph, input, name).name;
  const [, height, width, channels] = outputShape;
  if (outputShape.length !== 4) {
    return { name: addReshape(graph, source, outputShape.slice(1), name), shape: outputShape };
  }
  if (isLayoutInvariant(outputShape)) {
    const map = addReshape(graph, source, [channels ?? null, height ?? null, width ?? null], name);
    return { name: map, shape: outputShape };
  }
  const channelsLast = addReshape(graph, source, outputShape.slice(1), name);
  return { name: addTranspose(graph, channelsLast, [0, 3, 1, 2], name), shape: outputShape };
};

const zeroPadding: LayerConverter = (call) => {
  checkChannelsLast(call);
  const { padding } = call.config as { padding: readonly [[number, number], [number, number]] };
  const [[top, bottom], [left, right]] = padding;
  const pads = call.graph.addConstant(`${call.name}/pads`, () =>
    wholeNumbers([0, 0, top, left, 0, 0, bottom, right]),
  );
  return {
    name: call.graph.add('Pad', [requireSingleInput(call).name, pads], { name: call.name }),
    shape: call.outputShape,
  };
};

/** `x · scale + offset` */
const rescaling: LayerConverter = (call) => {
  const { graph, name } = call;
  const input = requireSingleInput(call);
  const { scale, offset } = call.config as { scale: number; offset: number };
  const factor = graph.addConstant(`${name}/scale`, () => scalar(scale));
  const product = graph.add('Mul', [input.name, factor], { name });
  const term = graph.addConstant(`${name}/offset`, () => scalar(offset));
  return { ...input, name: graph.add('Add', [product, term], { name }) };
};

/** A layer that does nothing in inference. */
const identity: LayerConverter = (call) => requireSingleInput(call);

/** Converters of layers that reshape, pad or rescale, and of those that do nothing in inference. */
export const shapeLayers: Readonly<Record<string, LayerConverter>> = {
  Flatten: flatten,
  Reshape: reshapeLayer,
  ZeroPadding2D: zeroPadding,
  Rescaling: rescaling,
  Dropout: identity,
  SpatialDropout1D: identity,
  GaussianNoise: identity,
  GaussianDropout: identity,
  AlphaDropout: identity,
};
