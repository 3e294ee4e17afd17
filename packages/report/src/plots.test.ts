import { detCurve, type IdentityThresholds, MetricsError, rocCurve } from '@openset/metrics';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import {
  cmcPlot,
  detPlot,
  dotPlot,
  type Figure,
  identityThresholdPlot,
  ReportError,
  rocPlot,
  similarityPlot,
} from './index.ts';

const similarities = Float64Array.from(
  { length: 2000 },
  (_, pair) => Math.sin(pair * 12.9898) / 2 + (pair % 2) / 4,
);
const isSame = similarities.map((_, pair) => pair % 2);
const roc = { name: 'one', curve: rocCurve(similarities, isSame) };
const det = { name: 'one', curve: detCurve(similarities, isSame) };
const thresholds = {
  identities: [0.4, 0.5, 0.45, 0.9].map((threshold, label) => ({ label, threshold })),
} as unknown as IdentityThresholds;

const drawn = ({ svg }: Figure) => parseHTML(svg).document;
const texts = (figure: Figure) => [...drawn(figure).querySelectorAll('text')].map((text) => text.textContent);
const paths = (figure: Figure) =>
  [...drawn(figure).querySelectorAll('[aria-label="line"] path')].map((path) => path.getAttribute('d')!);

const figures: [string, Figure][] = [
  ['rocPlot', rocPlot([roc])],
  ['rocPlot on a log axis', rocPlot([roc], { farAxis: 'log' })],
  ['detPlot', detPlot([det])],
  ['similarityPlot', similarityPlot({ same: [0.5], different: [0.25] })],
  ['identityThresholdPlot', identityThresholdPlot([{ name: 'one', thresholds }])],
  ['dotPlot', dotPlot([{ group: 'a', name: 'one', value: 1 }], { label: 'what', width: 460 })],
  ['cmcPlot', cmcPlot([{ name: 'one', curve: [0.5, 0.75, 1] }])],
];

describe.each(figures)('%s', (_, figure) => {
  it('is a self-contained SVG with finite numbers', () => {
    expect(figure.svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(figure.svg).toMatch(/<\/svg>$/);
    expect(figure.svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(figure.svg).toContain('viewBox="0 0 460 320"');
    expect(figure.caption).not.toBe('');
    expect(figure.svg.length).toBeLessThan(60_000);
  });
});

describe('rocPlot', () => {
  it('draws a curve from corner to corner', () => {
    // Perfect similarities: up the left side, then along the top. The frame spans (56, 20) to (440, 280).
    const curve = rocCurve([1, 0], [1, 0]);
    const [path] = paths(rocPlot([{ name: 'perfect', curve }]));
    expect(path).toBe('M56,280L56,280L56,20L440,20L440,20');
  });

  it('draws the name of each curve in its colour', () => {
    const figure = rocPlot([roc, { ...roc, name: 'two' }]);
    expect(paths(figure)).toHaveLength(2);
    expect(texts(figure)).toEqual(expect.arrayContaining(['one', 'two', 'false accept rate →']));
    const colour = (name: string) =>
      [...drawn(figure).querySelectorAll('g[aria-label="text"]')]
        .find((group) => group.textContent === name)
        ?.querySelector('text')
        ?.getAttribute('fill');
    expect(colour('one')).toMatch(/^#/);
    expect(colour('one')).not.toBe(colour('two'));
  });

  it('chooses a lower end of the log axis below all rates', () => {
    // 1000 negatives: rates from 0.001. 4000: from 0.00025.
    const axis = (figure: Figure) => texts(figure).filter((text) => /^1e-\d$/.test(text!));
    expect(axis(rocPlot([roc], { farAxis: 'log' }))).toContain('1e-3');
    const curve = { far: new Float64Array([0, 0.00025, 1]), tar: new Float64Array([0, 0.5, 1]) };
    const fine = rocPlot([{ name: 'fine', curve }], { farAxis: 'log' });
    expect(axis(fine)).toContain('1e-4');
    expect(axis(rocPlot([roc], { farAxis: 'log', minFar: 1e-6 }))).toContain('1e-6');
  });

  it('rejects invalid curves and options', () => {
    expect(() => rocPlot([])).toThrow(/at least one curve/);
    expect(() => rocPlot([roc, roc])).toThrow(/two curves have the name 'one'/);
    expect(() => rocPlot([{ ...roc, name: '' }])).toThrow(/needs a name/);
    expect(() => rocPlot([roc], { farAxis: 'cubic' as 'log' })).toThrow(/'linear' or 'log'/);
    expect(() => rocPlot([roc], { farAxis: 'log', minFar: 0 })).toThrow(ReportError);
    const broken = { name: 'broken', curve: { far: [0, 1], tar: [Number.NaN, 1] } };
    expect(() => rocPlot([broken as never])).toThrow(
      /a true accept rate of 'broken' must be a finite number/,
    );
  });
});

describe('detPlot', () => {
  it('draws rates with the same sum of deviates on a straight line, and ticks in percent', () => {
    // Rates 0.02/0.5, 0.2/0.2 and 0.5/0.02 are symmetric about the diagonal from (56, 20) to (440, 280).
    const curve = { far: new Float64Array([0.02, 0.5]), fnr: new Float64Array([0.5, 0.02]) };
    const figure = detPlot([{ name: 'one', curve }], { minRate: 0.02 });
    expect(paths(figure)).toEqual(['M56,280L440,20', 'M56,20L440,280']);
    expect(texts(figure)).toEqual(expect.arrayContaining(['2', '5', '10', '50', 'false accept rate (%) →']));
  });

  it('draws rates of 0 at the lower end and omits rates above 0.5', () => {
    const curve = { far: new Float64Array([0, 0, 0.5, 1]), fnr: new Float64Array([1, 0.5, 0, 0]) };
    const [, path] = paths(detPlot([{ name: 'one', curve }]));
    expect(path).toBe('M56,20L440,280');
  });

  it('rejects invalid curves and options', () => {
    expect(() => detPlot([det], { minRate: 0 })).toThrow(/minRate must be above 0/);
    expect(() => detPlot([det], { minRate: 0.5 })).toThrow(ReportError);
    expect(() => detPlot([])).toThrow(/at least one curve/);
    const broken = { name: 'broken', curve: { far: [0, Number.POSITIVE_INFINITY], fnr: [1, 0] } };
    expect(() => detPlot([broken as never])).toThrow(
      /a false accept rate of 'broken' must be a finite number/,
    );
  });
});

describe('similarityPlot', () => {
  it('draws shares of each kind and the thresholds with their names', () => {
    const figure = similarityPlot(
      {
        same: [0.5, 0.5, 0.5, 0.75],
        different: [0, 3],
        thresholds: [
          { name: 'learned', value: 0.25 },
          { name: 'best', value: 0.5, dashed: true },
        ],
      },
      { bins: 8 },
    );
    // Two bars for pairs of the same identity. One of the two different pairs is outside of the axis.
    const bars = [...drawn(figure).querySelectorAll('[aria-label="rect"] rect')];
    expect(bars).toHaveLength(3);
    expect(texts(figure)).toEqual(expect.arrayContaining(['learned 0.25', 'best 0.50', 'same', 'different']));
    const rules = [...drawn(figure).querySelectorAll('[aria-label="rule"]')];
    expect(rules.filter((rule) => rule.hasAttribute('stroke-dasharray'))).toHaveLength(1);
  });

  it('rejects missing pairs and numbers that are not finite', () => {
    expect(() => similarityPlot({ same: [], different: [1] })).toThrow(ReportError);
    expect(() => similarityPlot({ same: [Number.NaN], different: [1] })).toThrow(MetricsError);
    const thresholds = [{ name: 'lost', value: Number.POSITIVE_INFINITY }];
    expect(() => similarityPlot({ same: [1], different: [0], thresholds })).toThrow(
      /'lost' must be a finite/,
    );
  });
});

describe('identityThresholdPlot', () => {
  it('draws a box, its outlier and the learned threshold', () => {
    const figure = identityThresholdPlot([
      { name: 'one', thresholds, learned: 0.5 },
      { name: 'two', thresholds },
    ]);
    expect(texts(figure)).toEqual(expect.arrayContaining(['one', 'two', '↑ threshold']));
    expect(figure.svg.match(/#d7301f/g)).toHaveLength(1);
    // Quartiles 0.4375 and 0.6: 0.9 is more than 1.5 interquartile ranges above.
    expect(drawn(figure).querySelectorAll('[aria-label="dot"] circle')).toHaveLength(2);
  });

  it('rejects missing identities and numbers that are not finite', () => {
    const identities = [{ label: 3, threshold: Number.NEGATIVE_INFINITY }] as never;
    expect(() => identityThresholdPlot([{ name: 'one', thresholds: { identities } }])).toThrow(
      /identity 3 of 'one' must be a finite number/,
    );
    expect(() => identityThresholdPlot([{ name: 'one', thresholds, learned: Number.NaN }])).toThrow(
      ReportError,
    );
    expect(() => identityThresholdPlot([{ name: 'one', thresholds: { identities: [] } }])).toThrow(
      /at least one identity/,
    );
  });
});

describe('cmcPlot', () => {
  it('draws a rate at each rank', () => {
    // Ranks 1, 2, 3 are at x 56, 248, 440; rates 0.5, 0.75, 1 at y 280, 150, 20, because the axis starts at 0.5.
    const [path] = paths(cmcPlot([{ name: 'one', curve: [0.5, 0.75, 1] }]));
    expect(path).toBe('M56,280L248,150L440,20');
    expect(cmcPlot([{ name: 'one', curve: [1] }]).svg).not.toContain('NaN');
  });

  it('rejects empty curves and numbers that are not finite', () => {
    expect(() => cmcPlot([{ name: 'one', curve: [] }])).toThrow(/'one' has no ranks/);
    expect(() => cmcPlot([{ name: 'one', curve: [0.5, Number.NaN] }])).toThrow(/at rank 2 must be/);
    expect(() => cmcPlot([])).toThrow(ReportError);
  });
});

describe('dotPlot', () => {
  const dots = [
    { group: 'a', name: 'one', value: 1, low: 0.5, high: 1.5 },
    { group: 'a', name: 'two', value: 2 },
    { group: 'b', name: 'one', value: 3, low: 2, high: 4 },
    { group: 'b', name: 'two', value: 0 },
  ];

  it('draws a dot for each value, a line for each spread, and each name once', () => {
    const figure = dotPlot(dots, { label: 'degrees' });
    expect(drawn(figure).querySelectorAll('[aria-label="dot"] circle')).toHaveLength(4);
    expect(drawn(figure).querySelectorAll('[aria-label="rule"] line')).toHaveLength(2);
    const all = texts(figure);
    expect(all).toEqual(expect.arrayContaining(['a', 'b', '↑ degrees']));
    expect(all.filter((text) => text === 'one')).toHaveLength(1);
    expect(figure.caption).toBe('degrees');
  });

  it('puts higher values higher, on one scale for all groups', () => {
    const heights = [...drawn(dotPlot(dots, { label: 'x' })).querySelectorAll('circle')].map((circle) =>
      Number(circle.getAttribute('cy')),
    );
    // In the order of the groups: 1, 2, 3, 0.
    expect(heights[2]!).toBeLessThan(heights[1]!);
    expect(heights[1]!).toBeLessThan(heights[0]!);
    expect(heights[0]!).toBeLessThan(heights[3]!);
  });

  it('draws one row for each group, with higher values further to the right', () => {
    const figure = drawn(dotPlot(dots, { label: 'x', rows: true }));
    const [circles, lines] = [[...figure.querySelectorAll('circle')], figure.querySelectorAll('line')];
    const xs = circles.map((circle) => Number(circle.getAttribute('cx')));
    expect(xs[1]!).toBeGreaterThan(xs[0]!);
    expect(xs[2]!).toBeGreaterThan(xs[1]!);
    expect(xs[3]!).toBeLessThan(xs[0]!);
    // A spread lies on the row of its dot.
    const [rule] = [...lines].filter((line) => line.getAttribute('x2') !== line.getAttribute('x1'));
    expect(rule?.getAttribute('y1')).toBe(circles[0]!.getAttribute('cy'));
    expect(texts(dotPlot(dots, { label: 'x', rows: true }))).toEqual(
      expect.arrayContaining(['a', 'b', 'one']),
    );
  });

  it('rejects missing dots and numbers that are not finite', () => {
    expect(() => dotPlot([], { label: 'x' })).toThrow(ReportError);
    const broken = [{ group: 'a', name: 'one', value: Number.NaN }];
    expect(() => dotPlot(broken, { label: 'x' })).toThrow("dotPlot: 'one' of 'a' must be a finite number");
  });
});
