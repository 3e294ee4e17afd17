import { expect, it } from 'vitest';
import { shardingNote } from './sharding-note.ts';

it('says how many classes a rank holds, and when it pays to shard them', () => {
  expect(shardingNote({ size: 4 }, 1000, true)).toBe('each of 4 ranks holds 250 of 1000 classes');
  expect(shardingNote({ size: 4 }, 10, true)).toBe('each of 4 ranks holds 2 or 3 of 10 classes');
  expect(shardingNote({ size: 4 }, 10_572, false)).toBeNull();
  expect(shardingNote({ size: 64 }, 31_249, false)).toBeNull();
  expect(shardingNote({ size: 64 }, 31_250, false)).toBe(
    'each of 64 ranks computes the loss over all 31250 classes; --shard-classes divides that and its memory',
  );
});
