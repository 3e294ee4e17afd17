import type { Features } from '../faceres/features.ts';
import { type HeadRecipe, trainHead } from '../faceres/head.ts';
import { reuseResult } from '../reuse-result.ts';
import { type FaceImages, rowsByPerson, selectRows } from './face-set.ts';
import { makeStrangersLoss, type StrangersLoss } from './losses.ts';
import type { FaceEmbeddings } from './people-pairs.ts';
import { imagesPerPerson } from './train-and-measure.ts';

/** Options of `trainHeadOn`. */
export interface HeadOptions {
  readonly loss: StrangersLoss;
  readonly seed: number;
  readonly recipe: HeadRecipe;
}

/** Returns the result of `trainHeadOn`; each head is trained once and its embeddings are stored in `folder`. */
export async function reuseHead(
  folder: string,
  name: string,
  faces: Pick<FaceImages, 'labels'>,
  features: Features,
  people: readonly number[],
  options: HeadOptions,
) {
  const stored = await reuseResult(folder, name, { ...options, people }, async () => {
    const { embeddings, learned } = await trainHeadOn(faces, features, people, options);
    return { values: Buffer.from(embeddings.values.buffer).toString('base64'), learned };
  });
  const bytes = Uint8Array.from(Buffer.from(stored.values, 'base64'));
  const values = new Float32Array(bytes.buffer);
  const embeddings: FaceEmbeddings = { values, size: options.recipe.embeddingSize, labels: faces.labels };
  return { embeddings, learned: stored.learned };
}

/** Trains a head on some people, and embeds all images with it. */
export async function trainHeadOn(
  faces: Pick<FaceImages, 'labels'>,
  features: Features,
  people: readonly number[],
  options: HeadOptions,
) {
  const { seed, recipe } = options;
  const { embeddingSize, scale } = recipe;
  const rowsOf = rowsByPerson(faces.labels);
  const rows = people.map((person) => rowsOf.get(person)!.slice(0, imagesPerPerson));
  const labels = rows.flatMap((own, person) => own.map(() => person));
  const loss = makeStrangersLoss(options.loss, { numClasses: people.length, embeddingSize, scale, seed });
  const batchSize = Math.min(recipe.batchSize, labels.length);
  const head = await trainHead(selectRows(features, rows.flat()), labels, loss, seed, {
    ...recipe,
    batchSize,
  });
  const embeddings: FaceEmbeddings = {
    // A copy: the backend may own the memory.
    values: head.embed(features).slice(),
    size: embeddingSize,
    labels: faces.labels,
  };
  const { learned } = head;
  head.dispose();
  loss.dispose();
  return { embeddings, learned };
}
