import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Returns the result of a run: from its file in `folder` if a run with the same key left one, otherwise by running it and
 * writing the file. So an interrupted study resumes after its last finished run.
 * @param key the settings of the run; a different key runs it again
 */
export async function reuseResult<Result>(
  folder: string,
  name: string,
  key: unknown,
  run: () => Promise<Result>,
): Promise<Result> {
  const path = join(folder, `${name}.json`);
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text !== null) {
    const { key: found, result } = JSON.parse(text) as { key: unknown; result: Result };
    if (JSON.stringify(found) === JSON.stringify(key)) return result;
  }
  const result = JSON.stringify({ key, result: await run() }, roundToFloat32);
  await mkdir(folder, { recursive: true });
  await writeAtomically(path, `${result}\n`);
  // Parsed again, so that the first call returns exactly what later calls read.
  return (JSON.parse(result) as { result: Result }).result;
}

/** Returns the results of all stored runs whose name starts with a prefix. */
export async function readResults<Result>(folder: string, prefix: string): Promise<Result[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix) && name.endsWith('.json'));
  const texts = await Promise.all(names.sort().map((name) => readFile(join(folder, name), 'utf8')));
  return texts.map((text) => (JSON.parse(text) as { result: Result }).result);
}

/** Rounds fractions to seven digits, the precision of float32. */
function roundToFloat32(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(7)) : value;
}

/** Writes a file atomically: an interrupted run leaves the old one. Several processes may write the same file. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, content);
  await rename(part, path);
}
