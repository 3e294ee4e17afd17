import { DataError } from '@openset/core';
import { type GraphModel, loadGraphModel as load } from '@tensorflow/tfjs-converter';
import { io } from '@tensorflow/tfjs-core';

/** Reads a file of a model by its path, relative to the folder of the model's JSON file. */
export type ReadModelFile = (path: string) => Promise<Uint8Array>;

/**
 * Loads a tfjs graph model onto the active backend. It reads the JSON file and the weights that this names.
 * @param file name of the JSON file
 * @param read reads a file; `readInstalledModel` of `@openset/pretrained/node` reads from installed packages
 * @throws DataError if the JSON file is no graph model; the errors of `read`
 */
export async function loadGraphModel(file: string, read: ReadModelFile): Promise<GraphModel> {
  const text = new TextDecoder().decode(await read(file));
  let json: Partial<io.ModelJSON>;
  try {
    json = JSON.parse(text) as Partial<io.ModelJSON>;
  } catch (error) {
    throw new DataError(`'${file}' is no tfjs graph model: it is not JSON.`, { cause: error });
  }
  const { modelTopology, weightsManifest } = json;
  if (!modelTopology || !Array.isArray(weightsManifest)) {
    throw new DataError(`'${file}' is no tfjs graph model: it lacks modelTopology or weightsManifest.`);
  }
  const paths = weightsManifest.flatMap((group) => group.paths);
  const parts = await Promise.all(paths.map((path) => read(path)));
  const weightData = io.concatenateArrayBuffers(parts.map((part) => part.slice().buffer as ArrayBuffer));
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  return load(io.fromMemory({ modelTopology, weightSpecs, weightData }));
}
