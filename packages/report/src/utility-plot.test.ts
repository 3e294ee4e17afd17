import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { type Figure, ReportError, type UtilityCurves, utilityPlot } from './index.ts';

const cosines = Float64Array.of(0.75, 0.5, 0.25);
const two: UtilityCurves = {
  cosines,
  meanUtility: Float64Array.of(0.5, 0.75, 0.25),
  classes: [{ utility: Float64Array.of(0, 0.5, 0.5) }, { utility: Float64Array.of(1, 1, 0) }],
};

/** A hundred and one classes, whose utilities are 0, 0.01, … 1 at every threshold. */
const many: UtilityCurves = {
  cosines,
  meanUtility: Float64Array.of(0.5, 0.5, 0.5),
  classes: Array.from({ length: 101 }, (_, index) => ({ utility: new Float64Array(3).fill(index / 100) })),
};

const drawn = ({ svg }: Figure) => parseHTML(svg).document;
const paths = (figure: Figure, kind: 'line' | 'area') =>
  [...drawn(figure).querySelectorAll(`[aria-label="${kind}"] path`)].map((path) => path.getAttribute('d')!);
const texts = (figure: Figure) => [...drawn(figure).querySelectorAll('text')].map((text) => text.textContent);

describe('utilityPlot', () => {
  it('draws a line for each class, and the mean', () => {
    // The frame spans (56, 20) to (440, 280), and the axis from 0.25 to 0.75.
    expect(paths(utilityPlot(two), 'line')).toEqual([
      'M440,280L248,150L56,150',
      'M440,20L248,20L56,280',
      'M440,150L248,85L56,215',
    ]);
  });

  it('is a self-contained SVG with finite numbers', () => {
    for (const figure of [utilityPlot(two, { threshold: 0.6, names: ['a', 'b'] }), utilityPlot(many)]) {
      expect(figure.svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg".*<\/svg>$/s);
      expect(figure.svg).not.toMatch(/NaN|Infinity|undefined|null/);
      expect(figure.caption).not.toBe('');
    }
  });

  it('draws bands for many classes', () => {
    const figure = utilityPlot(many);
    // The middle 90 % and 50 %: 260 pixels high from 0 to 1.
    expect(paths(figure, 'area')).toEqual([
      'M440,33L248,33L56,33L56,267L248,267L440,267Z',
      'M440,85L248,85L56,85L56,215L248,215L440,215Z',
    ]);
    expect(paths(figure, 'line')).toHaveLength(1);
    const fewer = { ...many, classes: many.classes.slice(0, 30) };
    expect(paths(utilityPlot(fewer), 'line')).toHaveLength(31);
    expect(utilityPlot({ ...two, classes: Array(5000).fill(two.classes[0]) }).svg.length).toBeLessThan(
      20_000,
    );
  });

  it('contains the threshold, also outside of the range', () => {
    const x = (figure: Figure) =>
      Number(drawn(figure).querySelector('[aria-label="rule"] line')!.getAttribute('x1'));
    expect(x(utilityPlot(two, { threshold: 0.5 }))).toBe(248);
    // The axis now spans 0.25 to 1.
    const strict = utilityPlot(two, { threshold: 1 });
    expect(x(strict)).toBe(440);
    expect(paths(strict, 'line')[0]).toMatch(/^M312,280L/);
    expect(texts(strict)).toContain('threshold 1.00');
  });

  it('names up to eight groups', () => {
    expect(texts(utilityPlot(two, { names: ['north', 'south'] }))).toEqual(
      expect.arrayContaining(['north', 'south']),
    );
  });

  it.each<[string, () => unknown, RegExp]>([
    ['no classes', () => utilityPlot({ ...two, classes: [] }), /got 0 and 3/],
    [
      'no thresholds',
      () =>
        utilityPlot({ cosines: new Float64Array(), meanUtility: new Float64Array(), classes: two.classes }),
      /got 2 and 0/,
    ],
    [
      'a curve that is too short',
      () => utilityPlot({ ...two, classes: [{ utility: Float64Array.of(1) }] }),
      /has 1 utilities, but there are 3 thresholds/,
    ],
    [
      'a utility that is NaN',
      () => utilityPlot({ ...two, meanUtility: new Float64Array(3).fill(Number.NaN) }),
      /a utility must be a finite number, but is NaN/,
    ],
    ['an infinite threshold', () => utilityPlot(two, { threshold: Infinity }), /threshold must be a finite/],
    ['too few names', () => utilityPlot(two, { names: ['a'] }), /names has 1 elements for 2 classes/],
    ['equal names', () => utilityPlot(two, { names: ['a', 'a'] }), /two curves have the name 'a'/],
    [
      'too many names',
      () => utilityPlot({ ...two, classes: Array(9).fill(two.classes[0]) }, { names: [...'abcdefghi'] }),
      /up to 8 classes/,
    ],
  ])('rejects %s', (_, run, message) => {
    expect(run).toThrow(ReportError);
    expect(run).toThrow(message);
  });
});
