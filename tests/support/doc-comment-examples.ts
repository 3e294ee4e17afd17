import { type CodeBlock, typescriptBlocks } from './readme-blocks.ts';

const docComment = /\/\*\*.*?\*\//gs;

/**
 * Finds the code after each `@example` in the doc comments of a source file, up to the next tag. An example with fences has the
 * blocks that `typescriptBlocks` finds in it; one without is code that runs.
 */
export function docCommentExamples(source: string): CodeBlock[] {
  return [...source.matchAll(docComment)].flatMap(({ 0: comment, index }) => {
    const firstLine = source.slice(0, index).split('\n').length;
    const lines = comment.split('\n').map((line) => line.replace(/^\s*\*( |\/?$)/, '').replace('*\\/', '*/'));
    return lines.flatMap((start, number) => {
      if (start.trim() !== '@example') return [];
      const after = lines.slice(number + 1);
      const end = after.findIndex((line) => line.startsWith('@'));
      const text = after.slice(0, end < 0 ? undefined : end).join('\n');
      const line = firstLine + number;
      if (!/^\s*(```|~~~)/m.test(text)) return [{ code: `${text.trimEnd()}\n`, line, runs: true }];
      return typescriptBlocks(text).map((block) => ({ ...block, line: line + block.line }));
    });
  });
}
