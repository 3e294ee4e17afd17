import { DataError } from '@openset/core';
import { normalizeName, splitFields } from '@openset/data';
import { readBytes } from '../files/read-file.ts';
import type { Output } from '../output.ts';
import { counted } from './texts.ts';

/** A table of groups. */
export interface GroupTable {
  readonly path: string;
  /** Group of each person, by name. */
  readonly groups: ReadonlyMap<string, string>;
}

const separators = ['\t', ',', ';'] as const;

/**
 * Reads a table `person,group`, separated by tabs, commas or semicolons. The first line may be a header, which names the second
 * column `group`. Blank lines and comments (`#` and a space) are skipped.
 * @throws DataError if the file cannot be read, has no rows, or a line has no person or no group, or a person two groups
 */
export async function readGroups(path: string): Promise<GroupTable> {
  const text = new TextDecoder().decode(await readBytes(path));
  const lines = text.split(/\r\n?|\n/).map((line, index) => ({ line, place: `${path}, line ${index + 1}` }));
  const rows = lines.filter(({ line }) => !/^\s*(#\s.*|#)?$/.test(line));
  const separator = separators.find((one) => rows[0]?.line.includes(one)) ?? ',';
  const groups = new Map<string, string>();
  for (const [index, { line, place }] of rows.entries()) {
    const fields = splitFields(line, separator);
    const [name = '', group = '', ...others] = typeof fields === 'string' ? [] : fields;
    if (index === 0 && group.toLowerCase() === 'group') continue;
    if (name === '' || group === '' || others.some((field) => field !== '')) {
      throw new DataError(`${place} is '${line.trim()}', but must be a person and a group: person,group.`);
    }
    const person = normalizeName(name);
    const known = groups.get(person);
    if (known !== undefined && known !== group) {
      throw new DataError(
        `${place}: '${name}' is in the group '${group}', but above in '${known}': keep one.`,
      );
    }
    groups.set(person, group);
  }
  if (groups.size === 0) throw new DataError(`${path} has no groups: expected lines person,group.`);
  return { path, groups };
}

/**
 * Returns the group of each person of a data set; null for people without one. Notes how many people of either side are
 * missing from the other.
 * @param people names, the classes of the data set
 * @param data path of the data set
 * @throws DataError if no person of the table is in the data set
 */
export function assignGroups(
  { path, groups }: GroupTable,
  people: readonly string[],
  data: string,
  output: Output,
): (string | null)[] {
  const names = people.map(normalizeName);
  const known = new Set(names);
  const absent = [...groups.keys()].filter((person) => !known.has(person));
  if (absent.length === groups.size) {
    throw new DataError(
      `${path} names none of the ${counted(people.length, 'person', 'people')} of '${data}': it has ` +
        `'${absent[0]}', they are called '${people[0]}'. Use the names of their folders.`,
    );
  }
  if (absent.length > 0) {
    const verb = absent.length === 1 ? 'is' : 'are';
    const count = counted(absent.length, 'person', 'people');
    output.note(`${path}: ${count} ${verb} not in '${data}', such as '${absent[0]}'.`);
  }
  const without = names.filter((name) => !groups.has(name));
  if (without.length > 0) {
    const verb = without.length === 1 ? 'has' : 'have';
    const count = counted(without.length, 'person', 'people');
    output.note(`${count} of '${data}' ${verb} no group in ${path}, such as '${without[0]}'.`);
  }
  return names.map((name) => groups.get(name) ?? null);
}
