import type { MarkdownRenderer } from 'vitepress';

/**
 * Makes empty cells of a table's header cells without a role, because a screen reader announces a header for each cell below it. A header
 * of such cells alone is left out. Markdown has no tables without a header.
 */
export function tableHeaders(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('table-headers', (state) => {
    const { tokens } = state;
    const isEmpty = (open: number) => tokens[open + 1]!.content.trim() === '';
    const hidden = new Set<number>();
    for (const [start, { type }] of tokens.entries()) {
      if (type !== 'thead_open') continue;
      const end = tokens.findIndex((token, index) => index > start && token.type === 'thead_close');
      const places = Array.from({ length: end - start + 1 }, (_, index) => start + index);
      const cells = places.filter((index) => tokens[index]!.type === 'th_open');
      if (cells.every(isEmpty)) for (const index of places) hidden.add(index);
      for (const open of cells.filter(isEmpty)) {
        tokens[open]!.tag = 'td';
        tokens[open + 2]!.tag = 'td';
      }
    }
    state.tokens = tokens.filter((_, index) => !hidden.has(index));
  });
}
