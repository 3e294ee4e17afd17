import { katex } from '@mdit/plugin-katex';
import type { MarkdownRenderer } from 'vitepress';

/**
 * Shows formulas with KaTeX.
 * @throws Error from the renderer for a formula that KaTeX cannot show, or only with a warning
 */
export function formulas(markdown: MarkdownRenderer): void {
  // The plugin has types of another version of markdown-it.
  const plugin = katex as unknown as (renderer: MarkdownRenderer, options: object) => void;
  markdown.use(plugin, {
    throwOnError: true,
    logger: (code: string) => (code === 'newLineInDisplayMode' ? 'ignore' : 'error'),
    transformer: (html: string) => {
      const [, problem] = /class=["'][^"']*katex-error["'] title=["']([^"']*)/.exec(html) ?? [];
      if (problem !== undefined) throw new Error(`The site cannot show a formula: ${problem}`);
      // `v-pre`: braces of a formula are no expressions of Vue. Long formulas scroll, so the keyboard must reach them.
      return html
        .replace(/^<(span|p)/, '<$1 v-pre')
        .replace('class="katex-display"', 'class="katex-display" tabindex="0"');
    },
  });
}
