import { consecutivePart, type Ranks } from '@openset/core';
import { type ImageSource, subsetSource } from '@openset/data';
import { onAllRanks } from '@openset/train';
import { type Embeddings, joinRows } from '../model/embeddings.ts';

/**
 * Embeds the images of a set on all ranks, each a consecutive part, and returns the embeddings of all on each of them.
 * @param embed embeds images in this process
 * @throws on all ranks if `embed` throws on one
 */
export async function embedOnRanks(
  images: ImageSource,
  ranks: Ranks,
  embed: (images: ImageSource) => Promise<Embeddings>,
): Promise<Embeddings> {
  const { from, to } = consecutivePart(images.size, { index: ranks.rank, count: ranks.size });
  const rows = Array.from({ length: to - from }, (_, row) => from + row);
  let own: Embeddings | null = null;
  await onAllRanks(ranks, async () => {
    if (rows.length > 0) own = await embed(subsetSource(images, rows));
  });
  return joinParts(ranks, own, rows);
}

/** @param rows images of this rank */
async function joinParts(ranks: Ranks, own: Embeddings | null, rows: readonly number[]): Promise<Embeddings> {
  const values = await ranks.gather(own?.values ?? new Float32Array(0));
  const indices = await ranks.gather(own ? own.indices.map((index) => rows[index]!) : new Int32Array(0));
  const skipped = await ranks.gather(new TextEncoder().encode(JSON.stringify(own?.skipped ?? [])));
  const sizes = await ranks.gather(Int32Array.of(own?.size ?? 0));
  const size = Math.max(...sizes.map(([each]) => each!));
  const vectors = values.flatMap((part) =>
    Array.from({ length: part.length / size }, (_, row) => part.subarray(row * size, (row + 1) * size)),
  );
  return {
    ...joinRows(vectors, size),
    indices: Int32Array.from(indices.flatMap((part) => [...part])),
    skipped: skipped.flatMap((text) => JSON.parse(new TextDecoder().decode(text)) as Embeddings['skipped']),
  };
}
