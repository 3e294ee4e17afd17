import { MissingKernelError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { parseEquation } from './einsum.ts';

interface Convolution {
  dilations?: number | number[] | null;
  strides: number | number[];
  pad: 'valid' | 'same' | number | number[][];
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  dataFormat?: string;
}

/** A gradient for the backend wasm. It saves the same tensors as that of tfjs-core, which other backends keep. */
interface WasmGradient extends Pick<tf.GradConfig, 'kernelName' | 'inputsToSave' | 'saveAllInputs'> {
  gradient(
    dy: tf.Tensor,
    saved: tf.Tensor[],
    attributes: never,
    stock: tf.GradFunc,
  ): Record<string, () => tf.Tensor>;
}

/** Returns the gradients of a convolution with respect to its inputs. Those of tfjs-core refuse dilations above 1. */
function convolutionGradient(kernelName: string, inputKernel: string, filterKernel: string): WasmGradient {
  return {
    kernelName,
    inputsToSave: ['x', 'filter'],
    gradient(dy, [x, filter], attributes: Convolution) {
      const shared = { ...attributes, dilations: attributes.dilations ?? 1 };
      const [inputShape, filterShape] = [x!.shape, filter!.shape];
      return {
        x: () => run(inputKernel, { dy, filter: filter! }, { ...shared, inputShape }),
        filter: () => run(filterKernel, { x: x!, dy }, { ...shared, filterShape }),
      };
    },
  };
}

/**
 * Returns the gradients of the input gradient of a convolution. That of tfjs-core drops the dilations; for volumes it has
 * none.
 */
function transposedConvolutionGradient(
  kernelName: string,
  forwardKernel: string,
  filterKernel: string,
): WasmGradient {
  return {
    kernelName,
    inputsToSave: ['dy', 'filter'],
    gradient(ddx, [dy, filter], attributes: Convolution) {
      const shared = { ...attributes, dilations: attributes.dilations ?? 1 };
      const filterShape = filter!.shape;
      return {
        dy: () => run(forwardKernel, { x: ddx, filter: filter! }, shared),
        filter: () => run(filterKernel, { x: ddx, dy: dy! }, { ...shared, filterShape }),
      };
    },
  };
}

/** Returns the gradients of two operands that are broadcast. Those of tfjs-core have the shape of the result. */
function broadcastGradient(kernelName: string): WasmGradient {
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradient(dy, saved, attributes, stock) {
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      const full = stock(dy, saved, attributes) as Record<'a' | 'b', () => tf.Tensor>;
      return { a: () => sumToShape(full.a(), a.shape), b: () => sumToShape(full.b(), b.shape) };
    },
  };
}

function sumToShape(gradient: tf.Tensor, shape: number[]): tf.Tensor {
  if (tf.util.arraysEqual(gradient.shape, shape)) return gradient;
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  return tf.reshape(tf.sum(gradient, axes), shape);
}

/** That of tfjs-core passes on the gradient, although conversion to whole numbers or truth values is constant between steps. */
const cast: WasmGradient = {
  kernelName: 'Cast',
  gradient: (dy, _, { dtype }: { dtype: tf.DataType }) => ({
    x: () => (dtype === 'int32' || dtype === 'bool' ? tf.zerosLike(dy) : tf.clone(dy)),
  }),
};

/** That of tfjs-core transposes the result unless the axis is the last. */
const cumsum: WasmGradient = {
  kernelName: 'Cumsum',
  inputsToSave: ['x'],
  gradient: (dy, _, attributes: { axis: number; exclusive: boolean; reverse: boolean }) => ({
    x: () => tf.cumsum(dy, attributes.axis, attributes.exclusive, !attributes.reverse),
  }),
};

/**
 * `einsum`, which has no gradient in tfjs-core. The gradient of an operand is the einsum of `dy` and the other operand,
 * constant along the axes that occur in no other term.
 */
const einsum: WasmGradient = {
  kernelName: 'Einsum',
  saveAllInputs: true,
  gradient(dy, operands, { equation }: { equation: string }) {
    const { terms, output } = parseEquation(equation, operands);
    const gradient = (index: number) => {
      const { shape } = operands[index]!;
      const others = terms.flatMap((term, other) =>
        other === index ? [] : [[term, operands[other]!] as const],
      );
      const available = others.map(([term]) => term).join('') + output;
      const labels = [...terms[index]!];
      const known = labels.filter((label) => available.includes(label)).join('');
      const left = [output, ...others.map(([term]) => term)].join(',');
      const sums = tf.einsum(`${left}->${known}`, dy, ...others.map(([, operand]) => operand));
      const sizes = labels.map((label, axis) => (known.includes(label) ? shape[axis]! : 1));
      return tf.broadcastTo(tf.reshape(sums, sizes), shape);
    };
    return Object.fromEntries(operands.map((_, index) => [index, () => gradient(index)]));
  },
};

/** That of tfjs-core is the gradient of the quotient before it is rounded. */
const floorDiv: WasmGradient = {
  kernelName: 'FloorDiv',
  inputsToSave: ['a', 'b'],
  gradient: (_, [a, b]) => ({ a: () => tf.zeros(a!.shape), b: () => tf.zeros(b!.shape) }),
};

/** That of tfjs-core drops the gradients of the mirrored values. */
const mirrorPad: WasmGradient = {
  kernelName: 'MirrorPad',
  inputsToSave: ['x'],
  gradient(dy, [x], { paddings, mode }: { paddings: [number, number][]; mode: 'reflect' | 'symmetric' }) {
    const distance = mode === 'reflect' ? 1 : 0;
    const fold = (gradient: tf.Tensor, axis: number) => {
      const [before, after] = paddings[axis]!;
      if (before + after === 0) return gradient;
      const size = x!.shape[axis]!;
      const sizes = [before, size, after];
      const [left, middle, right] = tf.split(gradient, sizes, axis) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const mirrored = (part: tf.Tensor, start: number, length: number) => {
        const margins = gradient.shape.map((_, other): [number, number] =>
          other === axis ? [start, size - start - length] : [0, 0],
        );
        return tf.pad(tf.reverse(part, axis), margins);
      };
      return tf.addN([
        middle,
        ...(before > 0 ? [mirrored(left, distance, before)] : []),
        ...(after > 0 ? [mirrored(right, size - distance - after, after)] : []),
      ]);
    };
    return { x: () => paddings.reduce((gradient, _, axis) => fold(gradient, axis), dy) };
  },
};

/** That of tfjs-core fails for a negative axis. */
const prod: WasmGradient = {
  kernelName: 'Prod',
  inputsToSave: ['x'],
  gradient(dy, saved, attributes: { axis: number | number[] }, stock) {
    const axis = tf.util.parseAxisParam(attributes.axis, saved[0]!.shape);
    return stock(dy, saved, { ...attributes, axis }) as Record<string, () => tf.Tensor>;
  },
};

const wasmGradients: readonly WasmGradient[] = [
  broadcastGradient('BatchMatMul'),
  cast,
  convolutionGradient('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'),
  transposedConvolutionGradient('Conv2DBackpropInput', 'Conv2D', 'Conv2DBackpropFilter'),
  convolutionGradient('Conv3D', 'Conv3DBackpropInputV2', 'Conv3DBackpropFilterV2'),
  transposedConvolutionGradient('Conv3DBackpropInputV2', 'Conv3D', 'Conv3DBackpropFilterV2'),
  cumsum,
  convolutionGradient(
    'DepthwiseConv2dNative',
    'DepthwiseConv2dNativeBackpropInput',
    'DepthwiseConv2dNativeBackpropFilter',
  ),
  einsum,
  floorDiv,
  broadcastGradient('Maximum'),
  broadcastGradient('Minimum'),
  mirrorPad,
  prod,
  broadcastGradient('SquaredDifference'),
];

const registered = new WeakSet<tf.GradConfig>();

/**
 * Returns a kernel that registers the gradient of this package, if it has one, before it computes. tfjs looks the gradient up
 * after the kernel has run, so ours holds even if tfjs-core or tfjs-layers registers its own later.
 */
export function withGradient(kernelName: string, kernelFunc: tf.KernelFunc): tf.KernelFunc {
  const own = wasmGradients.find((gradient) => gradient.kernelName === kernelName);
  if (!own) return kernelFunc;
  return (call) => {
    registerGradient(own);
    return kernelFunc(call);
  };
}

/** Registers a gradient. tfjs has one for all backends, so ours calls that of tfjs-core on backends other than wasm. */
function registerGradient({ gradient, ...saves }: WasmGradient): void {
  const { kernelName } = saves;
  const stock = tf.getGradient(kernelName);
  if (stock && registered.has(stock)) return;
  const stockGradient: tf.GradFunc = (dy, saved, attributes) => {
    if (stock) return stock.gradFunc(dy, saved, attributes);
    throw new MissingKernelError(
      `No gradient of ${kernelName} is registered for the backend '${tf.getBackend()}'. Import '@tensorflow/tfjs', which ` +
        'registers those of tfjs, or use another backend or operation.',
    );
  };
  const config: tf.GradConfig = {
    ...saves,
    gradFunc: (dy, saved, attributes) =>
      tf.getBackend() === 'wasm'
        ? gradient(dy as tf.Tensor, saved, attributes as never, stockGradient)
        : stockGradient(dy, saved, attributes),
  };
  registered.add(config);
  tf.registerGradient(config);
}

function run(kernelName: string, inputs: tf.NamedTensorMap, attributes: object): tf.Tensor {
  return tf.engine().runKernel(kernelName, inputs, attributes as tf.NamedAttrMap) as tf.Tensor;
}
