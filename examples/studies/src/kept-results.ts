import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The result of a run, from its file in `folder` if there is one: a study that was interrupted goes on where it stood.
 * @param key tells runs apart, settings included: with other settings a run is made again
 */
export async function kept<Result>(
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
  const result = JSON.stringify({ key, result: await run() }, short);
  await mkdir(folder, { recursive: true });
  await writeWhole(path, `${result}\n`);
  // As it will be read the next time.
  return (JSON.parse(result) as { result: Result }).result;
}

/** Seven digits are all that float32 has. */
function short(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(7)) : value;
}

/** Writes a file in one piece: an interrupted run leaves the old one. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.part`, content);
  await rename(`${path}.part`, path);
}
