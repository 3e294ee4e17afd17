import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';

/** A layer of tfjs-layers. */
export type Layer = layers.Layer;

/** How a batch goes through the layers: what `apply` hands to every one of them. */
export interface Pass {
  /** Batch statistics and dropout. */
  readonly training: boolean;
  /** Seed of the dropout masks. */
  readonly seed: number;
  /** The second run of a pass, for its gradients: running statistics have moved already. */
  readonly replay?: boolean;
}

/**
 * Gives one layer a faster computation. The layer stays what it is, class name and configuration included: a saved
 * model holds nothing but stock layers, and computes the same without this package. Where tfjs itself trains, no seed
 * comes with a pass, and a random one is drawn: the same one would drop the same values in every step.
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

function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

/** The variable of a layer's weight: `kernel`, `gamma`, … */
export function weightOf<T extends Tensor = Tensor>(layer: Layer, name: string): T {
  return findWeight(layer, name).read() as T;
}

/** Excludes a weight from training; it is saved and loaded all the same. */
export function freezeWeight(layer: Layer, name: string): void {
  findWeight(layer, name).trainable = false;
}

function findWeight(layer: Layer, name: string): Layer['weights'][number] {
  const weight = layer.weights.find(({ originalName }) => originalName.endsWith(`/${name}`));
  if (!weight) throw new Error(`The layer ${layer.name} has no weight '${name}'.`);
  return weight;
}

/** The variables of a layer that are trained, or all of them. */
export function variablesOf(layer: Layer, which: 'trainable' | 'all'): Variable[] {
  const weights = layer.weights.filter(({ trainable }) => which === 'all' || trainable);
  return weights.map((weight) => weight.read() as Variable);
}
