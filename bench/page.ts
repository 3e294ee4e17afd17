import { readFile, rename, writeFile } from 'node:fs/promises';

/**
 * Puts a table into a Markdown file, between the marks `<!-- bench NAME -->` and `<!-- /bench -->`.
 * @throws Error if the file has no such marks; it is then unchanged
 */
export async function putTable(path: string, name: string, table: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  const begin = `<!-- bench ${name} -->`;
  const start = text.indexOf(begin);
  const end = text.indexOf('<!-- /bench -->', start);
  if (start < 0 || end < 0) throw new Error(`${path} has no ${begin} … <!-- /bench -->.`);
  const page = `${text.slice(0, start + begin.length)}\n\n${table}\n\n${text.slice(end)}`;
  await writeFile(`${path}.part`, page);
  await rename(`${path}.part`, path);
}
