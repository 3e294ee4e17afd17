import { DataError } from '@openset/core';
import { type GraphModel, loadGraphModelSync } from '@tensorflow/tfjs-converter';
import { type io, keep } from '@tensorflow/tfjs-core';
import { decodeWeights, type WeightFiles } from './decode-weights.ts';

/** Reads a file of a model by its path, relative to the folder of the model's JSON file. */
export type ReadModelFile = (path: string) => Promise<Uint8Array>;

/** The content of a tfjs graph model. */
export type GraphFiles = Required<Pick<io.ModelArtifacts, 'modelTopology' | 'weightSpecs' | 'weightData'>>;

/**
 * Loads a tfjs graph model onto the active backend. It reads the JSON file and the weights that this names.
 * @param file name of the JSON file
 * @param read reads a file; `readInstalledModel` of `@openset/pretrained/node` reads from installed packages
 * @throws DataError if the JSON file is no graph model; the errors of `read`
 */
export async function loadGraphModel(file: string, read: ReadModelFile): Promise<GraphModel> {
  const { modelTopology, ...weights } = await readGraphModel(file, read);
  const model = emptyGraphModel(modelTopology);
  for (const [name, weight] of Object.entries(decodeWeights(weights))) model.weights[name] = [keep(weight)];
  return model;
}

/** Returns a graph model without weights on the active backend. `weights` takes them by name; the model owns them then. */
export function emptyGraphModel(modelTopology: io.ModelArtifacts['modelTopology'] & object): GraphModel {
  const artifacts = { modelTopology, weightSpecs: [], weightData: new ArrayBuffer(0) };
  return loadGraphModelSync(artifacts) as unknown as GraphModel;
}

/**
 * Reads the JSON file of a tfjs graph model and the weights that this names.
 * @throws DataError if the JSON file is no graph model; the errors of `read`
 */
export async function readGraphModel(file: string, read: ReadModelFile): Promise<GraphFiles> {
  const { modelTopology, weightsManifest } = (await readJson(file, read)) as Partial<io.ModelJSON>;
  if (!modelTopology || !Array.isArray(weightsManifest)) {
    throw new DataError(`'${file}' is no tfjs graph model: it lacks modelTopology or weightsManifest.`);
  }
  return { modelTopology, ...(await readManifest(weightsManifest, read)) };
}

/**
 * Reads the weights that a list of files names.
 * @throws the errors of `read`
 */
export async function readManifest(
  manifest: io.WeightsManifestConfig,
  read: ReadModelFile,
): Promise<WeightFiles> {
  const paths = manifest.flatMap((group) => group.paths);
  const parts = await Promise.all(paths.map((path) => read(path)));
  const weightData = parts.map(ownBuffer);
  return { weightSpecs: manifest.flatMap(({ weights }) => weights), weightData };
}

/** Returns the bytes as a buffer: their own if they fill it, else a copy. */
function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteLength } = bytes;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isWhole ? buffer : Uint8Array.from(bytes).buffer;
}

/**
 * Reads a JSON file of a model.
 * @throws DataError if it is not JSON; the errors of `read`
 */
export async function readJson(file: string, read: ReadModelFile): Promise<unknown> {
  const text = new TextDecoder().decode(await read(file));
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new DataError(`'${file}' is no tfjs graph model: it is not JSON.`, { cause: error });
  }
}
