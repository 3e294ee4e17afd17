import { ConfigError, DataError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { bytesFile } from '../byte-file.ts';
import { readCifar } from './cifar-source.ts';

/** Returns a file of records with red 1, green 2 and blue 3, except for the first pixel, which is 10, 20, 30. */
function batch(name: string, ...labels: number[][]) {
  const pixels = [1, 2, 3].flatMap((value) => [10 * value, ...new Array(1023).fill(value)]);
  return bytesFile(name, Uint8Array.from(labels.flatMap((label) => [...label, ...pixels])));
}

describe('readCifar', () => {
  it('reads CIFAR-10 from several files, channels last', async () => {
    const source = await readCifar([batch('1.bin', [9], [0]), batch('2.bin', [3])], { labels: 'cifar-10' });
    expect(source.size).toBe(3);
    expect(source.classNames).toHaveLength(10);
    expect([...source.labels]).toEqual([9, 0, 3]);
    const record = await source.get(2);
    expect(record).toMatchObject({
      raw: { height: 32, width: 32, channels: 3 },
      label: 3,
      origin: '2.bin, record 0',
    });
    expect([...record.bytes.subarray(0, 6)]).toEqual([10, 20, 30, 1, 2, 3]);
    expect(record.bytes.length).toBe(3072);
    expect((await source.get(1)).origin).toBe('1.bin, record 1');
    await expect(source.get(3)).rejects.toThrow(RangeError);
    await source.close();
  });

  it('reads fine and coarse labels of CIFAR-100', async () => {
    const file = batch('train.bin', [19, 99], [0, 1]);
    expect([...(await readCifar([file], { labels: 'cifar-100-fine' })).labels]).toEqual([99, 1]);
    const coarse = await readCifar([file], { labels: 'cifar-100-coarse' });
    expect([...coarse.labels]).toEqual([19, 0]);
    expect([...(await coarse.get(1)).bytes.subarray(0, 3)]).toEqual([10, 20, 30]);
  });

  it('reads the labels of more than one chunk', async () => {
    const file = batch('1.bin', ...Array.from({ length: 300 }, (_, index) => [index % 10]));
    const { labels } = await readCifar([file], { labels: 'cifar-10' });
    expect(labels.every((label, index) => label === index % 10)).toBe(true);
  });

  it('rejects damaged files and options that do not match', async () => {
    const open = (file: ReturnType<typeof batch>) => readCifar([file], { labels: 'cifar-10' });
    await expect(open(batch('1.bin', [10]))).rejects.toThrow(
      '1.bin, record 0: the label is 10, but cifar-10 has 10',
    );
    await expect(open(batch('1.bin', [1, 1]))).rejects.toThrow(
      'has 3074 bytes, which is not a multiple of the record size 3073',
    );
    await expect(open(bytesFile('1.bin', new Uint8Array(0)))).rejects.toThrow(DataError);
    await expect(readCifar([], { labels: 'cifar-10' })).rejects.toThrow(ConfigError);
    await expect(readCifar([batch('1.bin', [1])], { labels: 'cifar-10', classNames: ['a'] })).rejects.toThrow(
      ConfigError,
    );
  });
});
