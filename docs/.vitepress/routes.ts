import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { relativeLinks } from '../../tests/support/markdown-links.ts';
import { rootFolder, writtenFiles } from '../../tests/support/workspace.ts';

/** Markdown files of the repository that the site shows, and their paths on the site. */
const pagePatterns: readonly (readonly [pattern: RegExp, path: string])[] = [
  [/^README\.md$/, 'overview.md'],
  [/^CONTRIBUTING\.md$/, 'contributing.md'],
  [/^(packages|examples)\/([^/]+)\/README\.md$/, '$1/$2.md'],
  [/^docs\/studies\/README\.md$/, 'studies/index.md'],
  [/^docs\/api\/@openset\/(.*\.md)$/, 'api/$1'],
  [/^docs\/(.*\.md)$/, '$1'],
];

/** Returns the path on the site of a Markdown file of the repository; undefined if the site does not show it. */
export function sitePath(path: string): string | undefined {
  const found = pagePatterns.find(([pattern]) => pattern.test(path));
  return found && path.replace(...found);
}

/** Returns the path of a file relative to the repository, with `/`. */
export function repositoryPath(file: string): string {
  return relative(rootFolder, file).split(sep).join('/');
}

/**
 * Returns the file or folder of the repository to which a relative link points; for a folder with a README, that README.
 * @param page file with the link, relative to the repository
 * @param link relative link without the name of a heading
 */
export function linkTarget(page: string, link: string): string {
  const target = posix.join(posix.dirname(page), decodeURI(link)).replace(/\/$/, '');
  const readme = posix.join(target, 'README.md');
  return existsSync(join(rootFolder, readme)) ? readme : target;
}

/** Returns the address on the site of a file or folder: its page, or the page that shows its text. */
export function siteAddress(target: string): string {
  const path = target.endsWith('.md') ? sitePath(target) : undefined;
  return path === undefined ? `/source/${target}.html` : `/${path.replace(/\.md$/, '.html')}`;
}

/** Returns the files and folders that are no pages and to which pages link, relative to the repository. */
export function linkedSources(): string[] {
  const pages = writtenFiles(rootFolder).filter((path) => sitePath(path) !== undefined);
  const targets = pages.flatMap((page) =>
    relativeLinks(readFileSync(join(rootFolder, page), 'utf8'))
      .filter(({ path }) => path !== '' && !/\.(png|svg)$/.test(path))
      .map(({ path }) => linkTarget(page, path)),
  );
  return [...new Set(targets)].filter((path) => siteAddress(path).startsWith('/source/')).sort();
}

/** Returns the Markdown that shows a file, or the names in a folder, with links to those among `shown`. */
export function sourceText(path: string, shown: readonly string[]): string {
  const file = join(rootFolder, path);
  if (!statSync(file).isDirectory()) {
    const language = /\.m?(ts|js|json)$/.exec(path)?.[1] ?? 'sh';
    return `\`\`\`\`${language}\n${readFileSync(file, 'utf8')}\n\`\`\`\``;
  }
  const names = readdirSync(file).sort();
  const rows = names.map((name) => {
    const child = posix.join(path, name);
    return shown.includes(child) ? `- [${name}](${siteAddress(child)})` : `- ${name}`;
  });
  return rows.join('\n');
}
