import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tinyGraph } from '../../../pretrained/src/__fixtures__/tiny-graph.ts';

/** Writes the small graph model of `tinyGraph` as a JSON file, with its weights in `graph.bin` beside it. */
export async function writeTinyGraph(path: string): Promise<void> {
  const { modelTopology, weightSpecs, weightData } = tinyGraph();
  const weightsManifest = [{ paths: ['graph.bin'], weights: weightSpecs }];
  await writeFile(path, JSON.stringify({ modelTopology, weightsManifest }));
  await writeFile(join(dirname(path), 'graph.bin'), new Uint8Array(weightData as ArrayBuffer));
}
