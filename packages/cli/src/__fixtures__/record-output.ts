import type { Output } from '../output.ts';

/** Returns an output that records its lines. */
export function recordOutput(): Output & { readonly lines: string[] } {
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
