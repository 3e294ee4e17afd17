import { ConfigError, DataError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { bytesFile } from '../byte-file.ts';
import { hexFile, identitySet, recordSet, textFile } from './__fixtures__/files.ts';
import { readRecordIO } from './record-io-source.ts';

const open = (set: { records: Uint8Array; index: string }, options = {}) =>
  readRecordIO({ records: bytesFile('a.rec', set.records), index: textFile(set.index, 'a.idx') }, options);

describe('a plain set', () => {
  it('reads a file written by hand', async () => {
    // Record 0: 27 bytes (0x1b): flag 0, label 2 (0x40000000), id 0, id2 0, image ff d8 ff; one byte of padding.
    // Record 1: 33 bytes (0x21): flag 2, label 0, id 1, id2 0, labels 1 and 0.5, image 07; three bytes of padding.
    const records = hexFile(
      `0a23d7ce 1b000000 00000000 00000040 0000000000000000 0000000000000000 ffd8ff 00
       0a23d7ce 21000000 02000000 00000000 0100000000000000 0000000000000000 0000803f 0000003f 07 000000`,
      'a.rec',
    );
    const source = await readRecordIO({ records });
    expect(source.size).toBe(2);
    expect(source.classNames).toEqual(['1', '2']);
    expect([...source.labels]).toEqual([1, 0]);
    expect([...source.keys]).toEqual([0, 1]);
    const [first, second] = [await source.get(0), await source.get(1)];
    expect([...first.bytes]).toEqual([0xff, 0xd8, 0xff]);
    expect(first).toMatchObject({ label: 1, labels: Float32Array.of(2), origin: 'a.rec, record 0' });
    expect([...second.bytes]).toEqual([7]);
    expect(second).toMatchObject({ label: 0, labels: Float32Array.of(1, 0.5), origin: 'a.rec, record 1' });
    await expect(source.get(2)).rejects.toThrow(RangeError);
    await source.close();
  });

  it('computes the class with the option classOf', async () => {
    const set = recordSet([
      { image: Uint8Array.of(1), label: [4, 5, 3] },
      { image: Uint8Array.of(2), label: [4, 5, 8] },
      { image: Uint8Array.of(3), label: [4] },
    ]);
    const source = await open(set, { classOf: (labels: Float32Array) => labels[2] ?? -1 });
    expect(source.classNames).toEqual(['3', '8']);
    expect([...source.labels]).toEqual([0, 1, -1]);
    expect((await source.get(1)).labels).toEqual(Float32Array.of(4, 5, 8));
  });

  it('uses given labels instead of reading them, if their number matches', async () => {
    const set = recordSet([
      { image: Uint8Array.of(1), label: 0.5 },
      { image: Uint8Array.of(2), label: 1 },
    ]);
    const source = await open(set, { labels: [30, 20], classNames: ['20', '30', '40'] });
    expect([...source.labels]).toEqual([1, 0]);
    expect((await source.get(0)).label).toBe(1);
    await expect(open(set, { labels: [1] })).rejects.toThrow(ConfigError);
    await expect(open(set)).rejects.toThrow('a.rec, record 0: the label 0.5 is not a class');
  });

  it('rejects a record that has changed since the set was opened', async () => {
    const set = recordSet([{ image: Uint8Array.of(1), label: 1 }]);
    const source = await open(set);
    // The highest byte of the label, after 8 bytes of part header and the flag: 1 (0x3f800000) becomes 0x3c800000, 2^-6.
    set.records[15] = 0x3c;
    await expect(source.get(0)).rejects.toThrow('its label is 0.015625, expected 1');
  });

  it.each([
    ['a payload without header', '0a23d7ce 04000000 00000000', 'a.rec, record 0: has 4 bytes'],
    [
      'a label array longer than the record',
      `0a23d7ce 18000000 ffffffff 00000000 ${'00'.repeat(16)}`,
      'a.rec, record 0: announces 4294967295 labels of 4 bytes, but 0 bytes follow',
    ],
  ])('rejects %s', async (_, digits, message) => {
    await expect(readRecordIO({ records: hexFile(digits, 'a.rec') })).rejects.toThrow(message);
  });

  it('may be empty', async () => {
    const source = await readRecordIO({ records: hexFile('') });
    expect(source).toMatchObject({ size: 0, classNames: [] });
  });
});

describe('a set in the layout of InsightFace', () => {
  it('has the images of its identities', async () => {
    const source = await open(identitySet());
    expect(source.size).toBe(4);
    expect(source.classNames).toEqual(['5', '9']);
    expect([...source.labels]).toEqual([0, 0, 0, 1]);
    expect([...source.keys]).toEqual([1, 2, 3, 4]);
    expect([...(await source.get(3)).bytes]).toEqual([0xff, 0xd8, 4]);
  });

  it('reads the same labels from all records', async () => {
    const source = await open(identitySet(), { labels: 'records' });
    expect([...source.labels]).toEqual([0, 0, 0, 1]);
  });

  it('can be read as plain records', async () => {
    const source = await open(identitySet(), { layout: 'plain' });
    expect(source.size).toBe(7);
    await expect(
      open(recordSet([{ image: Uint8Array.of(1), label: 1 }]), { layout: 'insightface' }),
    ).rejects.toThrow('a.rec is not an InsightFace set');
  });

  const none = new Uint8Array(0);
  const image = Uint8Array.of(1);
  it.each([
    ['missing images', [9, 10], [1, 2], 'announces the images 1 to 8'],
    ['an invalid layout', [0.5, 3], [1, 2], 'must be the ends of images and identities, but are 0.5, 3'],
    ['an identity without its image', [2, 3], [1, 1], 'record 1: belongs to no identity'],
    ['an identity with an image out of range', [2, 3], [1, 3], 'must be a range within the images 1 to 2'],
  ])('rejects %s', async (_, layout, range, message) => {
    const set = recordSet([
      { image: none, label: layout },
      { image, label: 5 },
      { image: none, label: range },
    ]);
    await expect(open(set)).rejects.toThrow(DataError);
    await expect(open(set)).rejects.toThrow(message);
  });

  it('rejects an image of two identities', async () => {
    const set = recordSet([
      { image: none, label: [2, 4] },
      { image, label: 5 },
      { image: none, label: [1, 2] },
      { image: none, label: [1, 2] },
    ]);
    await expect(open(set)).rejects.toThrow(
      'record 3: claims image 1, which already belongs to another identity',
    );
  });

  it('reads the labels of the images if the identity records are missing', async () => {
    const set = recordSet([
      { image: none, label: [2, 3] },
      { image, label: 5 },
    ]);
    expect((await open(set)).classNames).toEqual(['5']);
    await expect(open(set, { labels: 'identities' })).rejects.toThrow(ConfigError);
  });
});
