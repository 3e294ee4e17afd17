import { percent } from '../numbers.ts';

/** Returns a Markdown table. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Formats a list: `100, 400 and 982`. */
export function listText(items: readonly (string | number)[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** Formats the median share, with the lowest and the highest in brackets. */
export function medianText(shares: readonly number[]): string {
  const sorted = [...shares].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)]!;
  return `${percent(middle, 2)} (${percent(sorted[0]!, 2)}–${percent(sorted.at(-1)!, 2)})`;
}

/** Returns text in lines of at most 125 characters. Lines after the first begin with `indent`. */
export function wrapText(text: string, indent = ''): string {
  const [first, ...words] = text.split(/\s+/);
  const lines = [first!];
  for (const word of words) {
    if (lines.at(-1)!.length + word.length + 1 > 125) lines.push(`${indent}${word}`);
    else lines[lines.length - 1] += ` ${word}`;
  }
  return lines.join('\n');
}

/** Returns an item of a list. */
export function listItem(text: string): string {
  return wrapText(`- ${text}`, '  ');
}
