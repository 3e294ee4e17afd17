import { extname } from 'node:path';
import { ConfigError } from '@openset/core';
import { type EngineChoice, resolveEngine } from '../engine/engine-choice.ts';
import type { EngineFacts } from '../engine/open-engine.ts';
import { counted } from '../evaluation/texts.ts';
import { checkOutputFile } from '../files/check-output.ts';
import { encodeNpz } from '../files/npz.ts';
import { writeAtomically } from '../files/write-file.ts';
import { openImagePaths } from '../images/image-files.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { preloadDecoder } from '../images/preload-decoder.ts';
import { SkippedList } from '../images/skipped-list.ts';
import { embedImages } from '../model/embed-images.ts';
import type { Embeddings } from '../model/embeddings.ts';
import { loadModel, type ModelOptions, readingFor } from '../model/load-model.ts';
import type { CommandResult, Output } from '../output.ts';
import { startBackend } from '../start-backend.ts';

/** Options of `openset embed`. */
export interface EmbedOptions extends ModelOptions, EngineChoice, ImageReading {
  /** Paths of images and of folders of images. */
  readonly paths: readonly string[];
  /** Path of the output, ending in `.npz` or `.jsonl`. */
  readonly out: string;
}

/** Result of `openset embed`. */
export interface EmbedResult {
  readonly out: string;
  /** Number of embeddings. */
  readonly pictures: number;
  /** Number of images that were skipped because they cannot be read. */
  readonly skipped: number;
  /** Path of their list; null if bad images stop the command. */
  readonly skippedList: string | null;
  readonly embeddingSize: number;
  /** What computed the embeddings. */
  readonly engine: EngineFacts | null;
}

const writers: Readonly<
  Record<string, (paths: readonly string[], embeddings: Embeddings) => string | Uint8Array>
> = {
  '.npz': (paths, { values, size }) =>
    encodeNpz({ embeddings: { data: values, shape: [paths.length, size] }, paths: { texts: paths } }),
  '.jsonl': (paths, embeddings) =>
    paths
      // Nine digits are enough to restore the same float32.
      .map((path, index) => ({
        path,
        embedding: Array.from(embeddings.row(index), (value) => Number(value.toPrecision(9))),
      }))
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
};

/** Returns the path of the list of skipped images: `photos-skipped.csv` beside `photos.npz`. */
function skippedPath(out: string): string {
  return `${out.slice(0, -extname(out).length)}-skipped.csv`;
}

/**
 * Writes the embeddings of images, scaled to unit length so that a dot product is a cosine.
 * @throws OpenSetError for a model, an image or an output path that cannot be used
 */
export async function embed(options: EmbedOptions, output: Output): Promise<CommandResult<EmbedResult>> {
  const { out } = options;
  const write = writers[extname(out).toLowerCase()];
  if (!write) throw new ConfigError(`--out must end in .npz or .jsonl, but is '${out}'.`);
  await checkOutputFile(out);
  const list = options.onBadImage === 'skip' ? new SkippedList(skippedPath(out)) : null;
  if (list) await checkOutputFile(list.path);
  const images = await openImagePaths(options.paths, output);
  preloadDecoder();
  const running = await startBackend(options, output);
  const request = { ...resolveEngine(options), running, images: images.size, output };
  const model = await loadModel(options.model, undefined, request);
  try {
    const embeddings = await embedImages(model.verifier, images, output, readingFor(model, options));
    const { skipped, size, indices } = embeddings;
    const paths = Array.from(indices, (index) => images.paths[index]!);
    await writeAtomically(out, write(paths, embeddings));
    list?.add(skipped);
    await list?.save();
    return {
      data: {
        out,
        pictures: paths.length,
        skipped: skipped.length,
        skippedList: list?.path ?? null,
        embeddingSize: size,
        engine: model.engine,
      },
      text: [
        `${out}: ${counted(paths.length, 'embedding')} of ${size} numbers`,
        ...(list ? [`${list.path}: ${counted(skipped.length, 'image')} skipped`] : []),
      ].join('\n'),
    };
  } finally {
    model.dispose();
  }
}
