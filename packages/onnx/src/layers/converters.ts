import { activationLayers } from './activations.ts';
import { normalizationLayers } from './batch-normalization.ts';
import { convolutionLayers } from './convolutions.ts';
import { denseLayers } from './dense.ts';
import type { LayerConverter } from './layer-call.ts';
import { mergeLayers } from './merges.ts';
import { poolLayers } from './pools.ts';
import { shapeLayers } from './shapes.ts';

/** Converters of layers by class name in tfjs-layers. */
export const converters: ReadonlyMap<string, LayerConverter> = new Map(
  Object.entries({
    ...convolutionLayers,
    ...denseLayers,
    ...normalizationLayers,
    ...activationLayers,
    ...poolLayers,
    ...mergeLayers,
    ...shapeLayers,
  }),
);

/** Class names of the supported layers. Nested models of these are supported, too. */
export const supportedLayers: readonly string[] = [...converters.keys()].sort();
