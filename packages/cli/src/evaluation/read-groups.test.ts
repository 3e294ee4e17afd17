import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { afterAll, describe, expect, it } from 'vitest';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { assignGroups, readGroups } from './read-groups.ts';

const folder = mkdtempSync(join(tmpdir(), 'openset-groups-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'groups.csv');

async function read(text: string) {
  await writeFile(path, text);
  return [...(await readGroups(path)).groups];
}

describe('readGroups', () => {
  it.each([
    ['without a header', 'ann,a\nbob,b\n'],
    ['with a header', 'person,group\nann,a\nbob,b'],
    ['of another system', '\uFEFFname,Group\r\nann, a\r\n\r\nbob,b \r\n'],
    ['with tabs and a comment', '# of our staff\nann\ta\nbob\tb\n'],
    ['with semicolons and empty fields', 'person;group;;\nann;a;;\nbob;b;;\n'],
    ['with quotes and repeated people', '"ann",a\nbob,"b"\nann,a\n'],
  ])('reads a table %s', async (_, text) => {
    expect(await read(text)).toEqual([
      ['ann', 'a'],
      ['bob', 'b'],
    ]);
  });

  it('reads names in either Unicode form, with commas', async () => {
    expect(await read('Jose\u0301,"a, b"\n')).toEqual([['Jos\u00e9', 'a, b']]);
  });

  it.each([
    ['', /groups\.csv has no groups: expected lines person,group/],
    ['person,group\n', /has no groups/],
    ['ann\n', /line 1 is 'ann', but must be a person and a group/],
    ['ann,a\nbob;b\n', /line 2 is 'bob;b'/],
    ['ann,\n', /line 1 is 'ann,'/],
    ['ann,a,1\n', /line 1 is 'ann,a,1'/],
    ['ann,a\n"bob,b\n', /line 2 is '"bob,b'/],
    ['ann,a\nann,b\n', /line 2: 'ann' is in the group 'b', but above in 'a'/],
  ])('rejects %j', async (text, message) => {
    const failure = read(text);
    await expect(failure).rejects.toThrow(DataError);
    await expect(failure).rejects.toThrow(message);
  });

  it('rejects a file that does not exist', async () => {
    await expect(readGroups('nowhere.csv')).rejects.toThrow(/There is no file 'nowhere\.csv'/);
  });
});

describe('assignGroups', () => {
  const table = {
    path: 'groups.csv',
    groups: new Map([
      ['ann', 'a'],
      ['Jos\u00e9', 'b'],
    ]),
  };

  it('finds the group of each person without a word', () => {
    const output = recordOutput();
    expect(assignGroups(table, ['Jose\u0301', 'ann'], 'faces', output)).toEqual(['b', 'a']);
    expect(output.lines).toEqual([]);
  });

  it('notes people who are missing on either side', () => {
    const output = recordOutput();
    expect(assignGroups(table, ['bob', 'ann', 'cid'], 'faces', output)).toEqual([null, 'a', null]);
    expect(output.lines).toEqual([
      "groups.csv: 1 person is not in 'faces', such as 'Jos\u00e9'.",
      "2 people of 'faces' have no group in groups.csv, such as 'bob'.",
    ]);
  });

  it('rejects a table of other people', () => {
    expect(() => assignGroups(table, ['bob'], 'faces', recordOutput())).toThrow(
      /^groups\.csv names none of the 1 person of 'faces': it has 'ann', they are called 'bob'\./,
    );
  });
});
