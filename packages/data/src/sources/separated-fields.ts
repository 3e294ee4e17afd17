import type { NumberedLine } from './text-lines.ts';

/** Separator of the fields of a line; `' '` is any white space. */
export type FieldSeparator = ',' | '\t' | ';' | ' ';

/** Separators in the order in which they are preferred, with their names in messages. */
export const separatorNames: ReadonlyMap<FieldSeparator, string> = new Map([
  ['\t', 'tabs'],
  [',', 'commas'],
  [';', 'semicolons'],
  [' ', 'spaces'],
]);

/** A line of a list, split into fields. */
export interface Row extends NumberedLine {
  /** Fields without those that are empty at the end of the line; none if there is a problem. */
  readonly fields: readonly string[];
  /** What is wrong with the quotes of the line; null if nothing is. */
  readonly problem: string | null;
}

/** Splits lines into fields and drops empty fields at the end of each line, which spreadsheets and editors leave there. */
export function splitRows(lines: readonly NumberedLine[], separator: FieldSeparator): Row[] {
  return lines.map((line) => {
    const fields = splitFields(line.text, separator);
    if (typeof fields === 'string') return { ...line, fields: [], problem: fields };
    while (fields.at(-1) === '') fields.pop();
    return { ...line, fields, problem: null };
  });
}

/**
 * Splits a line into fields and trims them. A field in double quotes may contain the separator and doubled quotes
 * (RFC 4180, without line breaks in quotes).
 * @returns the fields, or the problem with a quote that does not end, or that ends within a field
 */
export function splitFields(line: string, separator: FieldSeparator): string[] | string {
  if (!line.includes('"')) {
    return separator === ' ' ? line.trim().split(/\s+/) : line.split(separator).map((field) => field.trim());
  }
  const fields: string[] = [];
  const isSeparator = (letter: string) => (separator === ' ' ? /\s/.test(letter) : letter === separator);
  let index = 0;
  // White space is skipped unless it is the separator; with the separator ' ', all of it is skipped.
  const isSkipped = (letter: string) => /\s/.test(letter) && (separator === ' ' || letter !== separator);
  const skipSpaces = () => {
    while (index < line.length && isSkipped(line[index] as string)) index += 1;
  };
  for (;;) {
    skipSpaces();
    if (line[index] === '"') {
      let field = '';
      for (index += 1; ; index += 1) {
        if (index >= line.length) return 'a quoted field does not end';
        if (line[index] !== '"') field += line[index];
        else if (line[index + 1] === '"') field += line[index++];
        else break;
      }
      index += 1;
      fields.push(field);
      if (separator === ' ' && index < line.length && !isSeparator(line[index] as string)) {
        return 'text follows a quoted field';
      }
    } else {
      const start = index;
      while (index < line.length && !isSeparator(line[index] as string)) index += 1;
      fields.push(line.slice(start, index).trim());
    }
    skipSpaces();
    if (index >= line.length) return fields;
    if (separator === ' ') continue;
    if (line[index] !== separator) return 'text follows a quoted field';
    index += 1;
    // A separator at the end of the line begins an empty field.
    if (index >= line.length) return [...fields, ''];
  }
}
