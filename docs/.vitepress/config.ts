import { join } from 'node:path';
import { createLogger } from 'vite';
import { defineConfig } from 'vitepress';
import { headingName } from '../../tests/support/markdown-links.ts';
import { flowcharts } from './flowcharts.ts';
import { formulas } from './formulas.ts';
import { isolationHeaders } from './isolation-headers.ts';
import { repositoryLinks } from './repository-links.ts';
import { sitePath } from './routes.ts';
import { sidebar } from './sidebar.ts';
import { tableHeaders } from './table-headers.ts';

const logger = createLogger();
/** Two clusters, and the line between them. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="4" cy="8" r="3" fill="#0f5f8a"/><circle cx="12" cy="8" r="3" fill="#d95f02"/><path d="M8 1v14" stroke="#888"/></svg>',
)}`;

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
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    languageAlias: { caddy: 'nginx' },
    anchor: { slugify: headingName },
    config: (markdown) => {
      markdown.use(formulas);
      markdown.use(repositoryLinks);
      markdown.use(flowcharts);
      markdown.use(tableHeaders);
    },
  },
  transformPageData: ({ relativePath, frontmatter }) =>
    relativePath.startsWith('api/') ? { frontmatter: { ...frontmatter, pageClass: 'api-page' } } : undefined,
  head: [['link', { rel: 'icon', href: icon }]],
  vite: {
    customLogger: logger,
    // `npm run docs:demo` builds the page that trains into it.
    publicDir: join(import.meta.dirname, '..', '..', '.cache', 'site'),
    // The pages are all that Vite serves here; by default, it also scans the HTML files of examples and tests.
    optimizeDeps: { entries: [] },
    plugins: [
      {
        name: 'dev-server',
        apply: 'serve',
        configureServer({ middlewares }) {
          middlewares.use((_, response, next) => {
            for (const [name, value] of Object.entries(isolationHeaders)) response.setHeader(name, value);
            next();
          });
        },
        // The server's page gets the head below only when its program runs, after the browser has asked for an icon.
        transformIndexHtml: () => [{ tag: 'link', attrs: { rel: 'icon', href: icon } }],
      },
    ],
    // The index of the search is one chunk.
    build: { chunkSizeWarningLimit: 8000 },
    resolve: {
      alias: [
        { find: /^\.\/VPHome\.vue$/, replacement: join(import.meta.dirname, 'theme', 'home-page.vue') },
      ],
    },
  },
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
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          // The API reference has most words many times, so pages about a task come first. The browser gets this function as text.
          searchOptions: { boostDocument: (id: string) => (id.includes('/api/') ? 0.2 : 1) },
        },
      },
    },
    footer: { message: 'MIT licence' },
  },
});
