import { io } from '@tensorflow/tfjs-core';
import type { WeightFiles } from './decode-weights.ts';
import type { GraphFiles } from './graph-model.ts';
import type { GraphNode } from './graph-topology.ts';

/** Mean of red, green and blue that face-api subtracts. */
const meanColor = [122.782, 117.001, 104.298];

/** Blocks after the first convolution, in their order; those whose name contains `down` halve the resolution. */
const blocks = [
  ['conv32_1', 32],
  ['conv32_2', 32],
  ['conv32_3', 32],
  ['conv64_down', 64],
  ['conv64_1', 64],
  ['conv64_2', 64],
  ['conv64_3', 64],
  ['conv128_down', 128],
  ['conv128_1', 128],
  ['conv128_2', 128],
  ['conv256_down', 256],
  ['conv256_1', 256],
  ['conv256_2', 256],
  ['conv256_down_out', 256],
] as const;

/**
 * Returns the face recognition network of face-api as a graph model. The package has only its weights; the network is dlib's
 * ResNet for 128 numbers (`FaceRecognitionNet.ts` of face-api 1.7). It takes images `[batch, 150, 150, 3]` from 0 to 255,
 * and its output node is `embedding`.
 * @param weights of `face_recognition_model`
 */
export function faceApiGraph({ weightSpecs, weightData }: WeightFiles): GraphFiles {
  const graph = new GraphWriter();
  let x = graph.add('images', 'Placeholder', [], {
    shape: { shape: { dim: [-1, 150, 150, 3].map((size) => ({ size: String(size) })) } },
    dtype: float32,
  });
  x = graph.add('centred', 'Sub', [x, graph.constant('mean_color', meanColor)]);
  x = graph.add('scaled', 'RealDiv', [x, graph.constant('white', [255], [])]);
  x = graph.convolution(x, 'conv32_down', { stride: 2, padding: 'VALID' });
  x = graph.add('pool', 'MaxPool', [x], { ...windows(3, 2), padding: text('VALID') });
  // Sides: 150, 72 after the convolution, 35 after the pooling; then half of it in each block that goes down.
  let side = 35;
  let channels = 32;
  for (const [name, filters] of blocks) {
    const goesDown = name.includes('down');
    const convolved = goesDown ? Math.floor((side - 3) / 2) + 1 : side;
    const shortcutSide = goesDown ? Math.floor(side / 2) : side;
    const down = { stride: 2, padding: 'VALID' };
    let y = graph.convolution(x, `${name}/conv1`, goesDown ? down : {});
    y = graph.convolution(y, `${name}/conv2`, { isLinear: true });
    const missing = shortcutSide - convolved;
    if (missing > 0) y = graph.padding(`${name}/pad`, y, [0, 0, 0, missing, 0, missing, 0, 0]);
    let shortcut = x;
    if (goesDown) {
      shortcut = graph.add(`${name}/pool`, 'AvgPool', [x], { ...windows(2, 2), padding: text('VALID') });
    }
    const more = filters - channels;
    if (more > 0) shortcut = graph.padding(`${name}/channels`, shortcut, [0, 0, 0, 0, 0, 0, 0, more]);
    x = graph.add(`${name}/sum`, 'AddV2', [shortcut, y]);
    x = graph.add(`${name}/relu`, 'Relu', [x]);
    side = shortcutSide;
    channels = filters;
  }
  const axes = graph.constant('axes', [1, 2], [2], 'int32');
  x = graph.add('average', 'Mean', [x, axes], { keep_dims: { b: false } });
  graph.add('embedding', 'MatMul', [x, graph.weight('fc')], {
    transpose_a: { b: false },
    transpose_b: { b: false },
  });
  return {
    modelTopology: { node: graph.nodes },
    weightSpecs: [...weightSpecs, ...graph.specs],
    weightData: io.concatenateArrayBuffers([io.CompositeArrayBuffer.join(weightData), ...graph.data]),
  };
}

const float32 = { type: 'DT_FLOAT' };

/** A string in a graph: base64. */
function text(value: string): { s: string } {
  return { s: btoa(value) };
}

function windows(side: number, stride: number) {
  const list = (size: number) => ({ list: { i: [1, size, size, 1] } });
  return { ksize: list(side), strides: list(stride) };
}

/** Writes nodes and constants of a graph model. */
class GraphWriter {
  readonly nodes: GraphNode[] = [];
  readonly specs: io.WeightsManifestEntry[] = [];
  readonly data: ArrayBuffer[] = [];

  /** Adds an operation. @returns its name */
  add(name: string, op: string, input: readonly string[], attr: GraphNode['attr'] = {}): string {
    this.nodes.push({ name, op, input, attr: { T: float32, ...attr } });
    return name;
  }

  /** Adds a weight that the files contain. */
  weight(name: string): string {
    this.nodes.push({ name, op: 'Const', attr: { dtype: float32 } });
    return name;
  }

  /** Adds a constant. */
  constant(
    name: string,
    values: readonly number[],
    shape: readonly number[] = [values.length],
    dtype: 'float32' | 'int32' = 'float32',
  ): string {
    this.nodes.push({
      name,
      op: 'Const',
      attr: { dtype: dtype === 'int32' ? { type: 'DT_INT32' } : float32 },
    });
    this.specs.push({ name, shape: [...shape], dtype });
    this.data.push((dtype === 'int32' ? Int32Array : Float32Array).from(values).buffer);
    return name;
  }

  /** Adds a convolution with its offset, a scale, a second offset and, unless it is linear, a ReLU. */
  convolution(
    x: string,
    name: string,
    {
      stride = 1,
      padding = 'SAME',
      isLinear = false,
    }: { stride?: number; padding?: string; isLinear?: boolean } = {},
  ): string {
    const filters = this.weight(`${name}/conv/filters`);
    const strides = { list: { i: [1, stride, stride, 1] } };
    const dilations = { list: { i: [1, 1, 1, 1] } };
    const options = { strides, dilations, padding: text(padding), data_format: text('NHWC') };
    let y = this.add(`${name}/convolution`, 'Conv2D', [x, filters], options);
    y = this.add(`${name}/offset`, 'AddV2', [y, this.weight(`${name}/conv/bias`)]);
    y = this.add(`${name}/scaled`, 'Mul', [y, this.weight(`${name}/scale/weights`)]);
    y = this.add(`${name}/shifted`, 'AddV2', [y, this.weight(`${name}/scale/biases`)]);
    return isLinear ? y : this.add(`${name}/relu`, 'Relu', [y]);
  }

  /** Adds zeros before and after each axis. */
  padding(name: string, x: string, widths: readonly number[]): string {
    return this.add(name, 'Pad', [x, this.constant(`${name}/widths`, widths, [4, 2], 'int32')]);
  }
}
