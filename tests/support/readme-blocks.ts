/** A fenced block of TypeScript in a Markdown file. */
export interface CodeBlock {
  readonly code: string;
  /** Line of the opening fence, counted from 1. */
  readonly line: number;
  /** False for blocks marked `ts no-run`, which need something that a test does not have. */
  readonly runs: boolean;
}

const openingFence = /^(?<indent>\s*)(?<fence>`{3,}|~{3,})(?<info>.*)$/;

/**
 * Finds the blocks marked `ts` or `typescript`.
 * @throws Error for a block that does not end, or with a word after `ts` other than `no-run`
 */
export function typescriptBlocks(markdown: string): CodeBlock[] {
  const lines = markdown.split(/\r?\n/);
  const blocks: CodeBlock[] = [];
  for (let start = 0; start < lines.length; start++) {
    const opening = openingFence.exec(lines[start] as string)?.groups;
    if (!opening) continue;
    const { indent = '', fence = '', info = '' } = opening;
    const length = lines.slice(start + 1).findIndex((line) => line.trim() === fence);
    if (length < 0) throw new Error(`The block that begins in line ${start + 1} does not end.`);
    const [language = '', ...marks] = info.trim().split(/\s+/);
    if (language === 'ts' || language === 'typescript') {
      const unknown = marks.filter((mark) => mark !== 'no-run');
      if (unknown.length > 0)
        throw new Error(`Line ${start + 1}: '${unknown.join(' ')}' after ts is not known.`);
      const inside = lines.slice(start + 1, start + 1 + length);
      const code = inside.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
      blocks.push({ code: `${code.join('\n')}\n`, line: start + 1, runs: marks.length === 0 });
    }
    start += length + 1;
  }
  return blocks;
}
