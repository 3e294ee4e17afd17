import { expect, it } from 'vitest';
import { escapeHtml, htmlPage } from './html-page.ts';

it('escapes the title, and inserts style and body as they are', () => {
  const page = htmlPage({ title: 'a < "b"', style: 'p { margin: 0 }', body: '<p>c</p>' });
  expect(page.startsWith('<!doctype html>\n<html lang="en">')).toBe(true);
  expect(page).toContain('<title>a &lt; &quot;b&quot;</title>');
  expect(page).toContain('<style>\np { margin: 0 }\n</style>');
  expect(page).toContain('<h1>a &lt; &quot;b&quot;</h1>\n<p>c</p>\n</body>\n</html>\n');
});

it('escapes each character with a meaning in HTML', () => {
  expect(escapeHtml(`<a href="x" title='y'>&amp;</a>`)).toBe(
    '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;',
  );
});
