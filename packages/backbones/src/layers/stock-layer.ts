import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';

/** A layer of tfjs-layers. */
export type Layer = layers.Layer;

/** Mode of one pass through the layers; `apply` passes it to each of them. */
export interface Pass {
  /** Whether batch norms use batch statistics and dropout is active. */
  readonly training: boolean;
  /** Seed of the dropout masks. */
  readonly seed: number;
  /** Whether this run repeats a pass for its gradients, so that running statistics must not move again. */
  readonly replay?: boolean;
}

/**
 * Replaces the computation of one layer by a faster one, and returns the layer. Its class name and configuration do not
 * change: a saved model contains only stock layers, and computes the same without this package. `model.fit` of tfjs
 * passes no seed. Then a random one is drawn, because a constant seed would drop the same values in every step.
 */
export function withComputation<L extends Layer>(
  layer: L,
  compute: (inputs: Tensor[], pass: Pass) => Tensor,
): L {
  layer.call = (inputs, options) => {
    const { training = false, seed = training ? randomSeed() : 0, replay = false } = options as Partial<Pass>;
    const pass = { training, seed, replay };
    return compute(Array.isArray(inputs) ? inputs : [inputs], pass);
  };
  return layer;
}

/** Returns the result of a layer in one pass. */
export function applyLayer(layer: Layer, inputs: readonly Tensor[], pass: Pass): Tensor {
  return layer.apply(inputs.length === 1 ? inputs[0]! : [...inputs], { ...pass }) as Tensor;
}

function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

/** Returns the variable of a layer's weight: `kernel`, `gamma`, … */
export function weightOf<T extends Tensor = Tensor>(layer: Layer, name: string): T {
  return findWeight(layer, name).read() as T;
}

/** Excludes a weight from training. It is still saved and loaded. */
export function freezeWeight(layer: Layer, name: string): void {
  findWeight(layer, name).trainable = false;
}

function findWeight(layer: Layer, name: string): Layer['weights'][number] {
  const weight = layer.weights.find(({ originalName }) => originalName.endsWith(`/${name}`));
  if (!weight) throw new Error(`The layer ${layer.name} has no weight '${name}'.`);
  return weight;
}

/** Returns the trainable variables of a layer, or all of them. */
export function variablesOf(layer: Layer, which: 'trainable' | 'all'): Variable[] {
  const weights = layer.weights.filter(({ trainable }) => which === 'all' || trainable);
  return weights.map((weight) => weight.read() as Variable);
}
