import { DataError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { textFile } from './__fixtures__/files.ts';
import { imageListSource, readImageList } from './image-list.ts';

describe('readImageList', () => {
  it.each([
    ['tabs', 'images/1.jpg\t0\nimages/2.jpg\t10'],
    ['commas', 'images/1.jpg,0\nimages/2.jpg,10\n'],
    ['semicolons', 'images/1.jpg;0\nimages/2.jpg;10\n'],
    ['spaces', 'images/1.jpg 0\nimages/2.jpg  10\n'],
    ['a header line', 'path,label\nimages/1.jpg,0\nimages/2.jpg,10\n'],
    ['reordered and additional columns', 'id,age,Filename\n0,33,images/1.jpg\n10,44,images/2.jpg\n'],
    ["the lines of MXNet's .lst", '0\t0.000000\timages/1.jpg\n1\t10.000000\timages/2.jpg\n'],
    ["the lines of InsightFace's .lst", '1\timages/1.jpg\t0\n0\timages/2.jpg\t10\t1\t2\t3\t4\n'],
  ])('reads %s', async (_, text) => {
    const { paths, labels } = await readImageList(textFile(text));
    expect(paths).toEqual(['images/1.jpg', 'images/2.jpg']);
    expect(labels).toEqual(['0', '10']);
  });

  it('keeps spaces in paths and all numbers of a label', async () => {
    expect((await readImageList(textFile('Jane Doe/1 a.jpg 7\n'))).paths).toEqual(['Jane Doe/1 a.jpg']);
    const { labels, labelArrays } = await readImageList(textFile('5\t4\t5\t0.25\ta.jpg\n'));
    expect(labels).toEqual(['4']);
    expect(labelArrays).toEqual([Float32Array.of(4, 5, 0.25)]);
  });

  it('reads class names, and the first line according to the option header', async () => {
    const text = 'file,class\na.jpg,Jane\n';
    expect((await readImageList(textFile(text))).labels).toEqual(['Jane']);
    expect((await readImageList(textFile(text), { header: false })).labels).toEqual(['class', 'Jane']);
    await expect(readImageList(textFile('a.jpg,Jane\n'), { header: true })).rejects.toThrow(
      'line 1: is neither a row nor a header with known words',
    );
  });

  it.each([
    [
      'a path without label',
      'a.jpg\n',
      "line 1: expected a path and a label, found 'a.jpg'. Name the columns in the first line, as in 'path,label'.",
    ],
    ['a line unlike the first', 'a.jpg,1\nb.jpg\n', 'line 2: expected a path and a label'],
    ['an empty path', 'a.jpg,1\n,1\n', 'line 2: expected a path and a label'],
    ['a label in a .lst that is not a number', '0\t1\ta.jpg\n1\tx\tb.jpg\n', 'line 2: expected'],
    ['an empty list', '\n', 'the list is empty'],
    ['a header line only', 'path,label\n', 'line 1: is a header, but no rows follow'],
  ])('rejects %s', async (_, text, message) => {
    const reading = readImageList(textFile(text));
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow(message);
  });
});

describe('imageListSource', () => {
  it('reads images on demand', async () => {
    const list = await readImageList(textFile('0\t10\t1\ta.jpg\n1\t9\t2\tb.jpg\n'));
    const requested: string[] = [];
    const source = imageListSource(list, async (path) => {
      requested.push(path);
      return Uint8Array.of(1);
    });
    expect(source).toMatchObject({ size: 2, classNames: ['9', '10'], labels: Int32Array.of(1, 0) });
    expect(requested).toEqual([]);
    const record = { bytes: Uint8Array.of(1), label: 0, labels: Float32Array.of(9, 2), origin: 'b.jpg' };
    expect(await source.get(1)).toEqual(record);
    await expect(source.get(-1)).rejects.toThrow(RangeError);
    await expect(source.get(0.5)).rejects.toThrow(RangeError);
    await source.close();
  });

  it('uses the class names of another set', async () => {
    const list = await readImageList(textFile('a.jpg 10\n'));
    const read = async () => new Uint8Array(0);
    expect([...imageListSource(list, read, { classNames: ['9', '10'] }).labels]).toEqual([1]);
    expect(() => imageListSource(list, read, { classNames: ['9'] })).toThrow(DataError);
  });
});
