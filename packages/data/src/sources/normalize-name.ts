/**
 * Returns the composed form (NFC) of a name. Unicode has two forms of letters such as `é`, one character or two, and archives
 * made on macOS have the second one. Names that differ only in form are one name, so compare what this function returns.
 */
export function normalizeName(name: string): string {
  return name.normalize('NFC');
}
