import { DataError } from '@openset/core';

/** Separator of the fields of a line; `' '` is any white space. */
export type FieldSeparator = ',' | '\t' | ';' | ' ';

/** Guesses the separator of a list from one of its lines. */
export function guessSeparator(line: string): FieldSeparator {
  if (line.includes('\t')) return '\t';
  if (line.includes(',')) return ',';
  return line.includes(';') ? ';' : ' ';
}

/**
 * Splits a line into fields and trims them. A field in double quotes may contain the separator and doubled quotes
 * (RFC 4180, without line breaks in quotes).
 * @param location file and line, for messages
 * @throws DataError for a quote that does not end, or that ends within a field
 */
export function splitFields(line: string, separator: FieldSeparator, location: string): string[] {
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
        if (index >= line.length) throw new DataError(`${location}: a quoted field does not end.`);
        if (line[index] !== '"') field += line[index];
        else if (line[index + 1] === '"') field += line[index++];
        else break;
      }
      index += 1;
      fields.push(field);
    } else {
      const start = index;
      while (index < line.length && !isSeparator(line[index] as string)) index += 1;
      fields.push(line.slice(start, index).trim());
    }
    skipSpaces();
    if (index >= line.length) return fields;
    if (separator === ' ') continue;
    if (line[index] !== separator) throw new DataError(`${location}: text follows a quoted field.`);
    index += 1;
    // A separator at the end of the line begins an empty field.
    if (index >= line.length) return [...fields, ''];
  }
}
