import type { Output } from '../output.ts';

/** An output that keeps its lines. */
export function keptOutput(): Output & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    stream: {
      write: (text) => {
        lines.push(text);
      },
    },
    note: (line) => {
      lines.push(line);
    },
    counter: () => ({ update: () => {} }),
  };
}
