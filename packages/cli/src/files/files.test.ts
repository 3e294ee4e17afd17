import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkOutputFile, checkOutputFolder } from './check-output.ts';
import { encodeNpz } from './npz.ts';
import { missingPath } from './paths.ts';
import { writeAtomically } from './write-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-files-'));
  await mkdir(join(folder, 'sealed'));
  await writeFile(join(folder, 'file'), 'text');
  await chmod(join(folder, 'sealed'), 0o500);
});
afterAll(async () => {
  await chmod(join(folder, 'sealed'), 0o700);
  await rm(folder, { recursive: true });
});

/** The superuser can write anywhere. */
const isSuperuser = process.getuid?.() === 0;

describe('checkOutputFile', () => {
  it.each([
    ['new', null],
    ['file', null],
    ['sealed', /cannot be written: it is a folder\.$/],
    ['missing/new', /cannot be written: there is no folder '.*missing'\.$/],
    ['file/new', /cannot be written: '.*file' is not a folder\.$/],
    [
      'sealed/new',
      isSuperuser ? null : /cannot be written: there is no permission to write to '.*sealed'\.$/,
    ],
  ])('%s', async (path, message) => {
    const check = checkOutputFile(join(folder, path));
    await (message ? expect(check).rejects.toThrow(message) : check);
    expect((await readdir(folder)).sort()).toEqual(['file', 'sealed']);
  });
});

describe('checkOutputFolder', () => {
  it.each([
    ['new', null],
    ['deep/deeper/new', null],
    ['file', /'.*file' is not a folder\.$/],
    ['file/new', /'.*file' is not a folder\.$/],
    ['sealed/new', isSuperuser ? null : /there is no permission to write to '.*sealed'\.$/],
  ])('%s', async (path, message) => {
    const check = checkOutputFolder(join(folder, path));
    await (message ? expect(check).rejects.toThrow(message) : check);
    expect((await readdir(folder)).sort()).toEqual(['file', 'sealed']);
  });
});

it('writes text or bytes to a file', async () => {
  const path = join(folder, 'written');
  await writeAtomically(path, 'fünf');
  expect(await readFile(path, 'utf8')).toBe('fünf');
  await writeAtomically(path, Uint8Array.of(1, 2));
  expect([...(await readFile(path))]).toEqual([1, 2]);
  await expect(writeAtomically(join(folder, 'missing', 'new'), 'x')).rejects.toThrow(/cannot be written: /);
  await rm(path);
});

describe('npz', () => {
  const bytes = encodeNpz({
    embeddings: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] },
    paths: { texts: ['a.jpg', 'ü', '😀'] },
  });
  const files = unzipSync(bytes);

  it('has a NumPy header and the numbers', () => {
    const file = files['embeddings.npy']!;
    expect([...file.subarray(0, 8)]).toEqual([0x93, 78, 85, 77, 80, 89, 1, 0]);
    const length = file[8]! + 256 * file[9]!;
    expect((10 + length) % 64).toBe(0);
    const header = new TextDecoder().decode(file.subarray(10, 10 + length));
    expect(header.trimEnd()).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2, ), }");
    expect(header.endsWith('\n')).toBe(true);
    expect([...new Float32Array(file.slice(10 + length).buffer)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('has texts as code points, padded with zeros', () => {
    const file = files['paths.npy']!;
    const length = file[8]! + 256 * file[9]!;
    expect(new TextDecoder().decode(file.subarray(10, 10 + length))).toContain("'<U5'");
    const points = new Uint32Array(file.slice(10 + length).buffer);
    expect(String.fromCodePoint(...points.subarray(0, 5))).toBe('a.jpg');
    expect([...points.subarray(5)]).toEqual([252, 0, 0, 0, 0, 128512, 0, 0, 0, 0]);
  });

  it('gives equal bytes for equal arrays', () => {
    expect(encodeNpz({ a: { texts: ['b'] } })).toEqual(encodeNpz({ a: { texts: ['b'] } }));
  });
});

it('says what to do about a path that is not UTF-8', () => {
  expect(missingPath('Jos\uFFFD.png', 'file').message).toBe(
    "There is no file 'Jos\uFFFD.png'. If its name is not UTF-8, rename it, for example with convmv.",
  );
  expect(missingPath('Jos\u00e9').message).toBe("There is no file or folder 'Jos\u00e9'.");
});
