import { expect, it } from 'vitest';
import { plainSource } from '../__fixtures__/plain-source.ts';
import { ContentHashes } from '../images/content-hashes.ts';
import { factsOfCommand, factsOfData, factsOfRun } from './same-facts.ts';

/** Returns the names of facts that differ. */
const differences = (first: Readonly<Record<string, string>>, second: Readonly<Record<string, string>>) =>
  Object.keys({ ...first, ...second }).filter((name) => first[name] !== second[name]);

it('has versions and options by their flags, without the threads', () => {
  const facts = factsOfCommand({
    heldOut: 0.2,
    loss: 'uss',
    inputRange: [-1, 1],
    threads: 4,
    init: undefined,
  });
  expect(facts).toEqual({
    'the version of openset': expect.stringMatching(/^\d+\.\d+\.\d+/),
    'the version of Node': process.version,
    'the option --held-out': '0.2',
    'the option --loss': 'uss',
    'the option --input-range': '[-1,1]',
  });
});

it('tells settings, backends and people apart', () => {
  const settings = { data: '/faces', batchSize: 8, threads: 2 } as never;
  const facts = factsOfRun(settings, plainSource([0, 1, 1]), 'wasm');
  const differ = (...other: Parameters<typeof factsOfRun>) => differences(facts, factsOfRun(...other));
  expect(
    differ({ data: '/faces', batchSize: 8, threads: 3 } as never, plainSource([0, 1, 1]), 'wasm'),
  ).toEqual([]);
  expect(differ({ data: '/faces', batchSize: 9 } as never, plainSource([0, 1, 1]), 'cpu')).toEqual([
    'the setting batchSize',
    'the backend',
  ]);
  expect(differ(settings, plainSource([0, 1, 0]), 'wasm')).toEqual([
    'the people and labels in the data (a hash)',
  ]);
  expect(differ(settings, plainSource([0, 1, 1, 1]), 'wasm')).toEqual([
    'the number of images in the data',
    'the people and labels in the data (a hash)',
  ]);
});

it('tells images with other contents apart if they are in memory', () => {
  const dataWith = (contents: readonly number[], isInMemory: boolean) => {
    const source = plainSource([0, 1]);
    const hashes = new ContentHashes(2);
    for (const [index, content] of contents.entries()) hashes.add(index, Uint8Array.of(content));
    const size = { height: 1, width: 1, channels: 1 } as const;
    return { train: { source, size, isInMemory, cacheBytes: 0 }, pairs: null, hashes };
  };
  const differ = (contents: readonly number[], isInMemory: boolean) =>
    differences(factsOfData(dataWith([1, 2], isInMemory)), factsOfData(dataWith(contents, isInMemory)));
  expect(differ([1, 2], true)).toEqual([]);
  expect(differ([1, 3], true)).toEqual(['the content of the images (a hash)']);
  // Each rank has read images of its own.
  expect(differ([1], false)).toEqual([]);
});
