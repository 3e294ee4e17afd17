import { checkFiniteWeight, DataError } from '@openset/core';
import type { LayersModel, layers, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { UnsupportedLayerError } from './errors.ts';
import type { GraphBuilder } from './graph/graph-builder.ts';
import type { Shape, Value } from './graph/value.ts';
import { converters, supportedLayers } from './layers/converters.ts';
import type { LayerWeight } from './layers/layer-call.ts';

type Layer = layers.Layer;

/** A call of a layer. Inputs and output are numbers of values. */
export interface LayerStep {
  readonly layer: Layer;
  /** Name of the layer, after the names of the models that contain it. */
  readonly name: string;
  readonly inputs: readonly number[];
  readonly output: number;
  readonly outputShape: Shape;
}

/** The layer calls of a model, in order. The model's input is value 0. */
export interface LayerPlan {
  readonly steps: readonly LayerStep[];
  readonly output: number;
}

/**
 * Returns the layer calls between a model's input and output, each after those it depends on. Nested models are expanded.
 * @throws UnsupportedLayerError for the first layer without counterpart
 */
export function planLayers(model: LayersModel): LayerPlan {
  const steps: LayerStep[] = [];
  let count = 1;
  const walk = (current: LayersModel, inputs: readonly number[], path: string): readonly number[] => {
    const numbers = new Map(current.inputs.map(({ id }, index) => [id, inputs[index]!]));
    for (const tensor of sortByDependency(current.outputs, numbers)) {
      const { inputTensors, outputTensors } = findNode(tensor);
      const layer = tensor.sourceLayer;
      const name = `${path}${layer.name}`;
      const taken = inputTensors.map(({ id }) => numbers.get(id)!);
      if (isModel(layer)) {
        const given = walk(layer, taken, `${name}/`);
        outputTensors.forEach(({ id }, index) => {
          numbers.set(id, given[index]!);
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

/** Returns whether a layer is a model. */
function isModel(layer: Layer): layer is LayersModel {
  return 'layers' in layer && 'inputs' in layer && 'outputs' in layer;
}

/** Returns the layer call that produced a tensor. */
function findNode({ sourceLayer, nodeIndex }: SymbolicTensor): Layer['inboundNodes'][number] {
  return sourceLayer.inboundNodes[nodeIndex]!;
}

/** Returns the tensors that `outputs` depend on, except `known`, each after its inputs. Iterative: networks are deep. */
function sortByDependency(
  outputs: readonly SymbolicTensor[],
  known: ReadonlyMap<number, number>,
): SymbolicTensor[] {
  const ordered: SymbolicTensor[] = [];
  const done = new Set(known.keys());
  const open = [...outputs].reverse();
  for (let tensor = open.at(-1); tensor !== undefined; tensor = open.at(-1)) {
    const missing = done.has(tensor.id)
      ? []
      : findNode(tensor).inputTensors.filter(({ id }) => !done.has(id));
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

/** Weights by layer and name. */
export type LayerWeights = ReadonlyMap<Layer, Readonly<Record<string, LayerWeight>>>;

/**
 * Reads the weights of a plan's layers from the backend.
 * @throws DataError if the model is disposed, or a weight has values that are NaN or infinite
 */
export async function readWeights({ steps }: LayerPlan): Promise<LayerWeights> {
  const different = [...new Map(steps.map((step) => [step.layer, step.name]))];
  const read = new Map(
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
          throw new DataError(`The weights of layer '${name}' cannot be read: ${(error as Error).message}`, {
            cause: error,
          });
        }
      }),
    ),
  );
  for (const [layer, name] of different) {
    for (const [key, { data }] of Object.entries(read.get(layer) ?? {}))
      checkFiniteWeight(`${name}/${key}`, data);
  }
  return read;
}

/** Adds the nodes of a plan to a graph and returns the result. */
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
      inputs: inputs.map((input) => values.get(input)!),
      outputShape,
      weights: weights.get(layer) ?? {},
    });
    values.set(number, result);
  }
  return values.get(output)!;
}
