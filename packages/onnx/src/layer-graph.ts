import { DataError } from '@openset/core';
import type { LayersModel, layers, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { UnsupportedLayerError } from './errors.ts';
import type { GraphBuilder } from './graph/graph-builder.ts';
import type { Shape, Value } from './graph/value.ts';
import { converters, supportedLayers } from './layers/converters.ts';
import type { LayerWeight } from './layers/layer-call.ts';

type Layer = layers.Layer;

/** A call of a layer: where it takes its inputs from, by number, and which number its result has. */
export interface LayerStep {
  readonly layer: Layer;
  /** With the names of the models it lies in. */
  readonly name: string;
  readonly inputs: readonly number[];
  readonly output: number;
  readonly outputShape: Shape;
}

/** What a model does, as a list: the input has the number 0. */
export interface LayerPlan {
  readonly steps: readonly LayerStep[];
  readonly output: number;
}

/**
 * The calls of layers between a model's input and its output, each after those it needs; models inside models are
 * opened.
 * @throws UnsupportedLayerError for the first layer that has no counterpart
 */
export function planLayers(model: LayersModel): LayerPlan {
  const steps: LayerStep[] = [];
  let count = 1;
  const walk = (current: LayersModel, inputs: readonly number[], path: string): readonly number[] => {
    const numbers = new Map(current.inputs.map(({ id }, place) => [id, inputs[place]!]));
    for (const tensor of inOrder(current.outputs, numbers)) {
      const { inputTensors, outputTensors } = nodeOf(tensor);
      const layer = tensor.sourceLayer;
      const name = `${path}${layer.name}`;
      const taken = inputTensors.map(({ id }) => numbers.get(id)!);
      if (isModel(layer)) {
        const given = walk(layer, taken, `${name}/`);
        outputTensors.forEach(({ id }, place) => {
          numbers.set(id, given[place]!);
        });
      } else {
        checkSupported({ name, className: layer.getClassName() });
        numbers.set(tensor.id, count);
        steps.push({ layer, name, inputs: taken, output: count, outputShape: tensor.shape });
        count++;
      }
    }
    return current.outputs.map(({ id }) => numbers.get(id)!);
  };
  const [output = 0] = walk(model, [0], '');
  return { steps, output };
}

function checkSupported(layer: { readonly name: string; readonly className: string }): void {
  if (converters.has(layer.className)) return;
  throw new UnsupportedLayerError(layer, `supported are ${supportedLayers.join(', ')}, and models of these.`);
}

/** Whether a layer is a model itself. */
function isModel(layer: Layer): layer is LayersModel {
  return 'layers' in layer && 'inputs' in layer && 'outputs' in layer;
}

/** The call of a layer that gave a tensor. */
function nodeOf({ sourceLayer, nodeIndex }: SymbolicTensor): Layer['inboundNodes'][number] {
  return sourceLayer.inboundNodes[nodeIndex]!;
}

/** Tensors that `outputs` need, those of `known` left out, each after its inputs. No recursion: networks are deep. */
function inOrder(outputs: readonly SymbolicTensor[], known: ReadonlyMap<number, number>): SymbolicTensor[] {
  const ordered: SymbolicTensor[] = [];
  const done = new Set(known.keys());
  const open = [...outputs].reverse();
  for (let tensor = open.at(-1); tensor !== undefined; tensor = open.at(-1)) {
    const missing = done.has(tensor.id) ? [] : nodeOf(tensor).inputTensors.filter(({ id }) => !done.has(id));
    if (missing.length > 0) {
      open.push(...missing.reverse());
    } else {
      if (!done.has(tensor.id)) ordered.push(tensor);
      done.add(tensor.id);
      open.pop();
    }
  }
  return ordered;
}

/** The weights of layers, by the layer and then by their own names. */
export type LayerWeights = ReadonlyMap<Layer, Readonly<Record<string, LayerWeight>>>;

/**
 * Reads the weights of a plan's layers from the backend.
 * @throws DataError if the model was disposed of
 */
export async function readWeights({ steps }: LayerPlan): Promise<LayerWeights> {
  const different = [...new Map(steps.map((step) => [step.layer, step.name]))];
  return new Map(
    await Promise.all(
      different.map(async ([layer, name]) => {
        const named = layer.weights.map(async (variable) => {
          const tensor = variable.read();
          // 'layer1.0.bn0/gamma' → 'gamma'
          const key = variable.originalName.slice(variable.originalName.lastIndexOf('/') + 1);
          return [key, { shape: tensor.shape, data: (await tensor.data()) as Float32Array }] as const;
        });
        try {
          return [layer, Object.fromEntries(await Promise.all(named))] as const;
        } catch (error) {
          throw new DataError(
            `The weights of the layer '${name}' cannot be read: ${(error as Error).message}`,
            {
              cause: error,
            },
          );
        }
      }),
    ),
  );
}

/** Adds the nodes for a plan to a graph. */
export function convertLayers(
  graph: GraphBuilder,
  { steps, output }: LayerPlan,
  weights: LayerWeights,
  input: Value,
): Value {
  const values = new Map([[0, input]]);
  for (const { layer, name, inputs, output: number, outputShape } of steps) {
    const className = layer.getClassName();
    const result = converters.get(className)!({
      graph,
      name,
      className,
      config: layer.getConfig(),
      inputs: inputs.map((one) => values.get(one)!),
      outputShape,
      weights: weights.get(layer) ?? {},
    });
    values.set(number, result);
  }
  return values.get(output)!;
}
