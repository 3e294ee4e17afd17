/** Encodes rows of fields as CSV (RFC 4180), with a line feed after each row. */
export function encodeCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((fields) => `${fields.map(encodeField).join(',')}\n`).join('');
}

function encodeField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Decodes the rows that `encodeCsv` writes. */
export function decodeCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n"]*))(,|\n)/g)) {
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
