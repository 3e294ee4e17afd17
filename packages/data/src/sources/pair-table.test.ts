import { ConfigError, DataError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { textFile } from './__fixtures__/files.ts';
import { readPairTable } from './pair-table.ts';

describe('readPairTable', () => {
  it.each([
    ['commas', 'a 1.jpg,b.jpg,1\nc.jpg,d.jpg,0\n', 'a 1.jpg'],
    ['a header line', 'first,second,same\na.jpg,b.jpg,True\nc.jpg,d.jpg,False\n', 'a.jpg'],
    ['tabs', 'a.jpg\tb.jpg\t1\nc.jpg\td.jpg\t-1\n', 'a.jpg'],
    ['spaces', 'a.jpg b.jpg 1\nc.jpg d.jpg 0\n', 'a.jpg'],
    ['same as the first column, as for AgeDB-30', '1 a.jpg b.jpg\n0 c.jpg d.jpg\n', 'a.jpg'],
    ['quotes', '"a,1.jpg",b.jpg,1\nc.jpg,"d.jpg",0\n', 'a,1.jpg'],
  ])('reads %s', async (_, text, first) => {
    const pairs = await readPairTable(textFile(text));
    expect(pairs.first).toEqual([first, 'c.jpg']);
    expect(pairs.second).toEqual(['b.jpg', 'd.jpg']);
    expect([...pairs.isSame]).toEqual([1, 0]);
    expect(pairs.folds).toBeNull();
  });

  it.each([
    ['columns in any order, and others', 'score,Label,img2,img1\n0.3,1,b.jpg,a.jpg\n'],
    ['words with sides in the middle', 'face_1_path,face_2_path,is_match\na.jpg,b.jpg,yes\n'],
    ['people in words of columns', 'pair_id,person1_image,person2_image,same_person\n7,a.jpg,b.jpg,1\n'],
    ['words for paths and an unknown one', 'photo A,photo B,verdict\na.jpg,b.jpg,1\n'],
    ['two columns of other kinds', 'image,reference_path,same\na.jpg,b.jpg,T\n'],
    ['names of people beside paths', 'name1;path1;name2;path2;target\nAda;a.jpg;Bob;b.jpg;1\n'],
    ["pandas' numbers for names", '0,1,2\na.jpg,b.jpg,1.0\n'],
    ["pandas' index and numbers for names", ',0,1,2\n7,a.jpg,b.jpg,1\n'],
    ["R's row names", '"path1" "path2" "same"\n"1" "a.jpg" "b.jpg" TRUE\n'],
    ['an index without header', '1\ta.jpg\tb.jpg\tmatch\n'],
    ['a repeated header', 'path1,path2,same\na.jpg,b.jpg,1\nPath1,Path2,Same\n'],
    ['empty fields at the end of lines', 'path1,path2,same,,\na.jpg,b.jpg,1,\n'],
    ['a header only in words of values', 'first,second,positive\na.jpg,b.jpg,positive\n'],
  ])('reads %s', async (_, text) => {
    const { first, second, isSame, report } = await readPairTable(textFile(text));
    expect([first, second, [...isSame]].map((list) => [...list]).sort()).toEqual(
      [['a.jpg'], ['b.jpg'], [1]].sort(),
    );
    expect(report?.lineCount).toBe(1 + (report?.skipped.length ?? 0));
  });

  it('decides by files whether a first line is a header', async () => {
    const read = (text: string, files: readonly string[]) =>
      readPairTable(textFile(text), { fileExists: async (path) => files.includes(path) });
    const files = ['a', 'b', 'c', 'x.jpg', 'y.jpg'];
    // Words of headers that are names of files.
    expect((await read('a,b,same\na,c,different\n', files)).first).toEqual(['a', 'a']);
    expect((await read('a,b,same\nx.jpg,y.jpg,1\n', ['x.jpg', 'y.jpg'])).first).toEqual(['x.jpg']);
    // Unknown words, of which none is a file.
    const { first, report } = await read('one photo,other,verdict\nx.jpg,y.jpg,1\n', files);
    expect([first, report?.skipped]).toEqual([['x.jpg'], [{ line: 1, reason: 'header' }]]);
    await expect(read('one photo,c,verdict\nx.jpg,y.jpg,1\n', files)).rejects.toThrow(
      "line 1: 'verdict' in column 3",
    );
    await expect(read('z.jpg,other,verdict\nx.jpg,y.jpg,1\n', files)).rejects.toThrow(
      "line 1: 'verdict' in column 3",
    );
    await expect(read('one,other,verdict\nz.jpg,z2.jpg,1\n', files)).rejects.toThrow(
      'line 1: has no name of an image',
    );
    await expect(read('uno,due,match\nz.jpg,z2.jpg,1\n', [])).rejects.toThrow(
      'line 1: has no name of an image',
    );
  });

  it('takes no other column for same where a value is unknown', async () => {
    const text = 'path1,path2,same,flag\nx.jpg,y.jpg,1,0\nx.jpg,z.jpg,perhaps,1\n';
    const fileExists = (path: string) => path.endsWith('.jpg');
    await expect(readPairTable(textFile(text), { fileExists })).rejects.toThrow(
      "line 3: 'perhaps' in column 3 'same'",
    );
  });

  it('refuses columns that hold no files where others do', async () => {
    const fileExists = (path: string) => path.endsWith('.jpg');
    const text = 'name1,name2,uno,due,same\nAda,Bob,a.jpg,b.jpg,0\n';
    await expect(readPairTable(textFile(text), { fileExists })).rejects.toThrow(
      "line 1: names 'name1' and 'name2' as paths, but the files that exist are in the column 'uno'",
    );
  });

  it('chooses between kinds of words by files, and refuses to guess', async () => {
    const text = 'img1,img2,path1,path2,same\np,q,r,s,1\n';
    const fileExists = (path: string) => path === 'r' || path === 's';
    expect((await readPairTable(textFile(text), { fileExists })).first).toEqual(['r']);
    await expect(readPairTable(textFile(text))).rejects.toThrow(
      "list.txt: can be read in 2 ways: (1) paths in column 1 'img1' and column 2 'img2', 'same' in column 5 'same', " +
        "separated by commas, or (2) paths in column 3 'path1' and column 4 'path2'",
    );
    await expect(readPairTable(textFile('1 2 0\n0 3 1\n'))).rejects.toThrow('can be read in 2 ways');
  });

  it('notes pairs that are odd, and refuses pairs that contradict each other', async () => {
    const { report } = await readPairTable(textFile('a b 1\nb a 1\nc c 1\na b 1\na c 0\n'));
    expect(report?.notes).toEqual([
      '2 of 5 pairs repeat an earlier one.',
      '1 of 5 pairs compare an image with itself.',
    ]);
    await expect(readPairTable(textFile('# pairs\na b 1\na c 0\nb a 0\n'))).rejects.toThrow(
      "list.txt: the pair of 'b' and 'a' is of one person in line 2 and of two people in line 4.",
    );
    await expect(readPairTable(textFile('a b 1\na a 0\n'))).rejects.toThrow(
      "list.txt, line 2: 'a' and 'a' are one image, but the pair is of two people.",
    );
  });

  it('reads folds, or divides the list into folds', async () => {
    const pairs = await readPairTable(textFile('a,b,same,fold\na,b,1,0\na,c,0,3\n'));
    expect([...(pairs.folds ?? [])]).toEqual([0, 3]);
    const text = 'a b 1\n'.repeat(6);
    expect([...((await readPairTable(textFile(text), { folds: 3 })).folds ?? [])]).toEqual([
      0, 0, 1, 1, 2, 2,
    ]);
    await expect(readPairTable(textFile(text), { folds: 4 })).rejects.toThrow(ConfigError);
    await expect(readPairTable(textFile('a,b,1,0\n'), { folds: 1 })).rejects.toThrow(ConfigError);
  });

  it.each([
    [
      'an unknown word for same',
      'a,b,1\na,b,perhaps\n',
      "line 2: 'perhaps' in column 3 does not say who the pair shows (expected 1, true, yes, same, match, genuine or positive " +
        'for one person; 0, -1, false, no, different, mismatch, nonmatch, impostor or negative for two people), found ' +
        "'a,b,perhaps'.",
    ],
    [
      'another number of fields',
      'a,b,1\na,b,1,0\n',
      "line 2: expected 3 fields as 'path, path, same', not 4",
    ],
    ['an empty path', 'a,b,1\n,b,1\n', 'line 2: expected a path in column 1'],
    ['a fold that is not a number', 'a,b,1,x\n', 'line 1: expected the number of a fold in column 4'],
    [
      'a header without a word for same',
      'path1,path2,verdict\na,b,perhaps\n',
      'line 1: names paths, but no column whose values say who a pair shows',
    ],
    [
      'a header that turns values',
      'path1,path2,different\na,b,1\n',
      "a column 'different', 1 would stand for two people",
    ],
    [
      'a value below a header',
      'label,path1,path2\n1,a,b\n2,a,c\n',
      "line 3: '2' in column 1 'label' does not say",
    ],
    [
      'a field more than the header',
      'path1,path2,same\nDoe, J.jpg,b,1\n',
      'line 2: expected 3 fields below the header',
    ],
    [
      'a pair without fold',
      'path1,path2,same,fold\na,b,1,0\na,c,0\n',
      "line 3: expected the number of a fold in column 4 'fold'",
    ],
    ['a header line only', 'a,b,same\n', "line 1: is a header, but no rows follow, found 'a,b,same'."],
    ['an empty file', '', 'has no pairs'],
    ['an open quote', '"a,b,1\n', 'line 1: a quoted field does not end'],
  ])('rejects %s', async (_, text, message) => {
    const reading = readPairTable(textFile(text));
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow(message);
  });
});
