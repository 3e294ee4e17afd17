import { readFile, rename, writeFile } from 'node:fs/promises';

/**
 * Replaces the table between the marks `<!-- bench NAME -->` and `<!-- /bench -->` of a Markdown file.
 * @throws Error if the file has no such marks; it then stays unchanged
 */
export async function replaceTable(path: string, name: string, table: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  const begin = `<!-- bench ${name} -->`;
  const start = text.indexOf(begin);
  const end = text.indexOf('<!-- /bench -->', start);
  if (start < 0 || end < 0) throw new Error(`${path} has no ${begin} … <!-- /bench -->.`);
  const page = `${text.slice(0, start + begin.length)}\n\n${table}\n\n${text.slice(end)}`;
  await writeFile(`${path}.part`, page);
  await rename(`${path}.part`, path);
}
