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

  it.each([
    ['name,image', 'name,image\nAda,a.jpg\nBob,b.jpg\n'],
    ['image,name', 'image,name\na.jpg,Ada\nb.jpg,Bob\n'],
    ['id,label', 'id,label\na.jpg,Ada\nb.jpg,Bob\n'],
    ['filename,identity', 'filename,identity\na.jpg,Ada\nb.jpg,Bob\n'],
    ['name,path', 'name\tpath\nAda\ta.jpg\nBob\tb.jpg\n'],
    ['name,file', 'name;file\nAda;a.jpg\nBob;b.jpg\n'],
    ['image_name,person_id', 'person_id,image_name\nAda,a.jpg\nBob,b.jpg\n'],
    ['Image,Id', 'Image,Id\na.jpg,Ada\nb.jpg,Bob\n'],
    ['columns of pandas', ',image_id,identity\n5,a.jpg,Ada\n2,b.jpg,Bob\n'],
    ['a label after an id of rows', 'id,path,label\n1,a.jpg,Ada\n2,b.jpg,Bob\n'],
    ['id and name of people', 'id,name,path\n4,Ada,a.jpg\n7,Bob,b.jpg\n'],
    ["CelebA's columns", 'a.jpg Ada\nb.jpg Bob\n'],
    ['a label before the path', 'Ada a.jpg\nBob b.jpg\n'],
    ['an index', '0,a.jpg,Ada\n1,b.jpg,Bob\n'],
    ['an index between tabs', '0\ta.jpg\tAda\n1\tb.jpg\tBob\n'],
  ])('reads %s', async (_, text) => {
    const { paths, labels, report } = await readImageList(textFile(text));
    expect(paths).toEqual(['a.jpg', 'b.jpg']);
    expect(labels.map((label) => ({ 4: 'Ada', 7: 'Bob' })[label] ?? label)).toEqual(['Ada', 'Bob']);
    expect(report?.lineCount).toBe(2 + (report?.skipped.length ?? 0));
  });

  it('decides by files what words leave open', async () => {
    const files = ['x', 'y', 'Doe, J/1', 'Al, B/2'];
    const read = async (text: string) => {
      const list = await readImageList(textFile(text), { fileExists: (path) => files.includes(path) });
      return list.paths;
    };
    expect(await read('id,name\nx,Ada\ny,Bob\n')).toEqual(['x', 'y']);
    expect(await read('id,name\n1,x\n2,y\n')).toEqual(['x', 'y']);
    expect(await read('1,x\n2,y\n')).toEqual(['x', 'y']);
    expect(await read('Doe, J/1 7\nAl, B/2 8\n')).toEqual(['Doe, J/1', 'Al, B/2']);
    expect(await read('7 Doe, J/1\n8 Al, B/2\n')).toEqual(['Doe, J/1', 'Al, B/2']);
    expect(await read('which,who\na.jpg,Ada\n').catch((error) => error.message)).toContain(
      'line 1: has no name of an image',
    );
    // The first file of many may be missing.
    expect(await read('gone,Ada\nx,Ada\ny,Bob\n')).toEqual(['gone', 'x', 'y']);
    // Words of a header that are names of files.
    files.push('image');
    expect(await read('image,name\nx,Ada\n')).toEqual(['image', 'x']);
    files.push('a.jpg');
    expect(await read('which,who\na.jpg,Ada\n')).toEqual(['a.jpg']);
    await expect(read('filename,identity\nAda,x\nBob,y\n')).rejects.toThrow(
      "line 1: names 'filename' as paths, but the files that exist are in the column 'identity'",
    );
  });

  it('refuses columns that it cannot tell apart', async () => {
    await expect(readImageList(textFile('id,name\n1,2\n3,4\n', 'l.csv'))).rejects.toThrow(
      "l.csv: can be read in 2 ways: (1) paths in column 1 'id' and labels in column 2 'name', separated by commas, or " +
        "(2) paths in column 2 'name' and labels in column 1 'id', separated by commas. Name the columns in the first line, " +
        "as in 'path,label'.",
    );
    await expect(readImageList(textFile('x 1\ny 2\n'))).rejects.toThrow('can be read in 2 ways');
    await expect(
      readImageList(textFile('path,label,identity\na.jpg,1,2\nb.jpg,1,3\nc.jpg,4,3\n')),
    ).rejects.toThrow('can be read in 2 ways');
  });

  it('notes images that occur twice', async () => {
    const { report } = await readImageList(textFile('a.jpg,1\nb.jpg,2\na.jpg,1\nb.jpg,3\n'));
    expect(report?.notes).toEqual([
      '1 of 4 lines repeat an earlier one.',
      "1 of 4 lines give an image another label, first 'b.jpg' as '2' and as '3'.",
    ]);
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
    ['a label in a .lst that is not a number', '5\t1\ta.jpg\n3\tx\tb.jpg\n', 'line 2: expected'],
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
