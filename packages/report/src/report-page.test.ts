import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { cmcPlot, ReportError, reportPage } from './index.ts';

const hostile = `</title><script>alert("1 & 2")</script><img src='x'>`;
const figure = cmcPlot([{ name: hostile, curve: [0.5, 1] }], { caption: hostile });
const page = reportPage({
  title: hostile,
  introduction: `${hostile}\n\nsecond`,
  sections: [
    {
      heading: hostile,
      text: hostile,
      table: {
        columns: [hostile, 'number'],
        rows: [
          [hostile, 0.25],
          [null, 2],
        ],
      },
      figures: [figure],
    },
    { heading: 'empty' },
  ],
});

describe('reportPage', () => {
  const { document } = parseHTML(page);

  it('shows every text unchanged', () => {
    const texts = (selector: string) =>
      [...document.querySelectorAll(selector)].map((one) => one.textContent);
    expect(texts('title')).toEqual([hostile]);
    expect(texts('h1')).toEqual([hostile]);
    expect(texts('h2')).toEqual([hostile, 'empty']);
    expect(texts('p')).toEqual([hostile, 'second', hostile]);
    expect(texts('th')).toEqual([hostile, 'number']);
    expect(texts('td')).toEqual([hostile, '0.25', '–', '2']);
    expect(texts('figcaption')).toEqual([hostile]);
    expect(texts('svg text').filter((text) => text === hostile)).toHaveLength(1);
  });

  it('shows numbers that are not finite as n/a', () => {
    const rows = [[Number.NaN], [Number.POSITIVE_INFINITY], [Number.NEGATIVE_INFINITY], [0]];
    const html = reportPage({ title: 'x', sections: [{ heading: 'part', table: { columns: ['a'], rows } }] });
    const cells = [...parseHTML(html).document.querySelectorAll('td')].map((one) => one.textContent);
    expect(cells).toEqual(['n/a', 'n/a', 'n/a', '0']);
  });

  it('contains only text and drawings', () => {
    expect(page).toMatch(/^<!doctype html>/);
    for (const selector of ['script', 'img', 'link', 'iframe', 'object', '[src]', '[href]', '[onload]']) {
      expect(document.querySelectorAll(selector), selector).toHaveLength(0);
    }
    expect(page).not.toMatch(/<script|<img|@import|url\(/);
    // The only address is the namespace of SVG.
    expect(new Set(page.match(/https?:[^"]*/g))).toEqual(new Set(['http://www.w3.org/2000/svg']));
  });

  it('rejects a row of the wrong length and a figure that is not an SVG', () => {
    const report = (section: object) => () =>
      reportPage({ title: 'x', sections: [{ heading: 'part', ...section }] });
    expect(report({ table: { columns: ['a'], rows: [['1'], ['1', '2']] } })).toThrow(
      /row 1 of the table in 'part' has 2 cells, but the table has 1 columns/,
    );
    expect(report({ figures: [{ svg: hostile, caption: '' }] })).toThrow(ReportError);
  });
});
