import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeOnnx } from './write-onnx.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-onnx-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('writes a file and replaces it', async () => {
  const path = join(folder, 'model.onnx');
  await writeOnnx(path, Uint8Array.of(1, 2, 3));
  await writeOnnx(path, Uint8Array.of(4, 5));
  expect([...(await readFile(path))]).toEqual([4, 5]);
  expect(await readdir(folder)).toEqual(['model.onnx']);
});

it('reports an error in one sentence and removes the temporary file', async () => {
  await expect(writeOnnx(join(folder, 'none', 'model.onnx'), Uint8Array.of(1))).rejects.toThrow(DataError);
  await expect(writeOnnx(join(folder, 'none', 'model.onnx'), Uint8Array.of(1))).rejects.toThrow(
    /model\.onnx' cannot be written: ENOENT/,
  );
  // A folder has the name of the file.
  await mkdir(join(folder, 'taken', 'inside'), { recursive: true });
  await expect(writeOnnx(join(folder, 'taken'), Uint8Array.of(1))).rejects.toThrow(DataError);
  expect(await readdir(folder)).toEqual(['taken']);
});
