import { activationLayers } from './activations.ts';
import { normalizationLayers } from './batch-normalization.ts';
import { convolutionLayers } from './convolutions.ts';
import { denseLayers } from './dense.ts';
import type { LayerConverter } from './layer-call.ts';
import { mergeLayers } from './merges.ts';
import { poolLayers } from './pools.ts';
import { shapeLayers } from './shapes.ts';

/** How each layer is written, by its class name in tfjs-layers. */
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

/** The class names of the layers that can be exported; models inside models too, which are no layers of their own. */
export const supportedLayers: readonly string[] = [...converters.keys()].sort();
