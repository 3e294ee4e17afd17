import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLines, writeLines } from './lines.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-lines-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function* each<Item>(items: readonly Item[], error?: Error): AsyncGenerator<Item> {
  yield* items;
  if (error) throw error;
}

describe('writeLines', () => {
  it('replaces a file', async () => {
    const path = join(folder, 'lines');
    await writeFile(path, 'old');
    await writeLines(path, each(['one', 'zwölf']));
    expect(await readFile(path, 'utf8')).toBe('one\nzwölf\n');
    expect(await readdir(folder)).toEqual(['lines']);
  });

  it('leaves the old file if the lines end with an error, and passes it on', async () => {
    const path = join(folder, 'lines');
    await writeFile(path, 'old');
    const problem = new DataError('The gallery is locked.');
    await expect(writeLines(path, each(['one'], problem))).rejects.toBe(problem);
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['lines']);
    await expect(writeLines(join(folder, 'no', 'lines'), each([]))).rejects.toThrow(
      /lines' cannot be written: it does not exist\.$/,
    );
  });
});

describe('readLines', () => {
  const read = async (...chunks: Uint8Array[]) => {
    const lines: string[] = [];
    for await (const line of readLines(each(chunks))) lines.push(line);
    return lines;
  };
  const bytes = (text: string) => new TextEncoder().encode(text);

  it.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\n\nb\n', ['a', '', 'b']],
    ['"\u2028\u2029\r"\nb', ['"\u2028\u2029\r"', 'b']],
  ])('splits %j at line feeds', async (text, lines) => {
    expect(await read(bytes(text))).toEqual(lines);
  });

  it('gives the same lines whatever the chunks are, within characters too', async () => {
    const text = 'José 😀\n日本\n\nend';
    const whole = bytes(text);
    expect(await read(...Array.from(whole, (_, place) => whole.slice(place, place + 1)))).toEqual(
      text.split('\n'),
    );
  });

  it.each([[[0xff, 0x0a]], [[0x61, 0xc3]]])('refuses bytes that are not UTF-8: %j', async (values) => {
    await expect(read(Uint8Array.from(values))).rejects.toThrow('The file is not UTF-8 text.');
  });
});
