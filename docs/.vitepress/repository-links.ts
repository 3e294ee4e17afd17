import type { MarkdownRenderer } from 'vitepress';
import { linkTarget, repositoryPath, siteAddress } from './routes.ts';

/** What VitePress tells about the page that is rendered. */
interface PageEnvironment {
  readonly path: string;
  readonly realPath?: string;
}

/** Makes links between files of the repository, as GitHub follows them, links between pages of the site. */
export function repositoryLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    const { path, realPath = path } = env as PageEnvironment;
    const links = tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === 'link_open');
    for (const link of links) {
      const [target = '', heading] = (link.attrGet('href') ?? '').split('#');
      if (target === '' || /^([a-z]+:|\/)/.test(target)) continue;
      const address = siteAddress(linkTarget(repositoryPath(realPath), target));
      link.attrSet('href', heading === undefined ? address : `${address}#${heading}`);
    }
  });
}
