import { DataError } from '@openset/core';
import type { ImageSource } from '@openset/data';
import { dataParallel, inProcess } from '@openset/distributed';
import { OtherRankError } from '@openset/train';
import { expect, it } from 'vitest';
import { plainSource } from '../__fixtures__/plain-source.ts';
import { type Embeddings, joinRows } from '../model/embeddings.ts';
import { embedOnRanks } from './embed-on-ranks.ts';

/** Embeds image i as [i, 1]; image 3 is bad. */
async function embed(images: ImageSource): Promise<Embeddings> {
  const values: number[] = [];
  for (let row = 0; row < images.size; row++) values.push((await images.get(row)).bytes[0]!);
  const good = [...values.keys()].filter((row) => values[row] !== 3);
  return {
    ...joinRows(
      good.map((row) => Float32Array.of(values[row]!, 1)),
      2,
    ),
    indices: Int32Array.from(good),
    skipped: values
      .filter((value) => value === 3)
      .map((value) => ({ path: `image ${value}`, reason: 'damaged' })),
  };
}

const onRanks = <T>(size: number, run: (ranks: ReturnType<typeof dataParallel>) => Promise<T>) =>
  Promise.allSettled(inProcess(size).map((communicator) => run(dataParallel(communicator))));

it.each([1, 2, 3, 8])('gives each of %i ranks the embeddings of all, in order', async (size) => {
  const images = plainSource([0, 1, 0, 1, 2]);
  const expected = await embed(images);
  for (const end of await onRanks(size, (ranks) => embedOnRanks(images, ranks, embed))) {
    if (end.status === 'rejected') throw end.reason;
    const { values, indices, skipped, row } = end.value;
    expect([values, indices, skipped]).toEqual([expected.values, expected.indices, expected.skipped]);
    expect([...row(3)]).toEqual([4, 1]);
  }
});

it('fails on all ranks when it fails on one', async () => {
  const fail = async (images: ImageSource) => {
    if ((await images.get(0)).bytes[0] === 0) throw new DataError('no image is left');
    return embed(images);
  };
  const ends = await onRanks(2, (ranks) => embedOnRanks(plainSource([0, 1, 0, 1]), ranks, fail));
  const errors = ends.map((end) => (end as PromiseRejectedResult).reason as unknown);
  expect(errors[0]).toBeInstanceOf(DataError);
  expect(errors[1]).toBeInstanceOf(OtherRankError);
});
