import { katex } from '@mdit/plugin-katex';
import { createLogger } from 'vite';
import { defineConfig, type MarkdownRenderer } from 'vitepress';
import { headingName } from '../../tests/support/markdown-links.ts';
import { repositoryLinks } from './repository-links.ts';
import { sitePath } from './routes.ts';
import { sidebar } from './sidebar.ts';

const logger = createLogger();

export default defineConfig({
  title: 'openset',
  description: 'Open-set recognition for TensorFlow.js: train an embedding with its decision threshold.',
  lang: 'en',
  // Pages outside of docs/ are shown too: the READMEs of the packages and examples, and CONTRIBUTING.
  srcDir: '..',
  srcExclude: ['.changeset/**', 'packages/*/{dist,src}/**', 'packages/*/CHANGELOG.md', '**/__fixtures__/**'],
  rewrites: (path) => sitePath(path) ?? path,
  cacheDir: '../.cache/vitepress',
  lastUpdated: false,
  markdown: {
    languageAlias: { caddy: 'nginx' },
    anchor: { slugify: headingName },
    config: (markdown) => {
      // `v-pre`: braces of a formula are no expressions of Vue. The plugin has types of another version of markdown-it.
      const formulas = katex as unknown as (renderer: MarkdownRenderer, options: object) => void;
      markdown.use(formulas, { transformer: (html: string) => html.replace(/^<(span|p)/, '<$1 v-pre') });
      markdown.use(repositoryLinks);
    },
  },
  vite: { customLogger: logger, build: { chunkSizeWarningLimit: 8000 } },
  buildEnd: () => {
    if (logger.hasWarned) throw new Error('The build of the site has warnings.');
  },
  themeConfig: {
    nav: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'Losses', link: '/losses' },
      { text: 'API', link: '/api/' },
      { text: 'Performance', link: '/performance' },
      { text: 'Studies', link: '/studies/' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
    footer: { message: 'MIT licence' },
  },
});
