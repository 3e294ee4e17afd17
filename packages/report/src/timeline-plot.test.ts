import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { type Figure, ReportError, timelinePlot } from './index.ts';

const bars = [
  { row: 'rank 0', name: 'forward', start: 0, end: 1 },
  { row: 'rank 0', name: 'backward', start: 1, end: 4 },
  { row: 'rank 0: gradients', name: 'bucket', start: 2, end: 3 },
];
const drawn = ({ svg }: Figure) => parseHTML(svg).document;
const texts = (figure: Figure) => [...drawn(figure).querySelectorAll('text')].map((text) => text.textContent);
/** Left edges, widths and upper edges of the bars. */
const rectangles = (figure: Figure) =>
  [...drawn(figure).querySelectorAll('[aria-label="bar"] rect')].map((bar) =>
    ['x', 'width', 'y'].map((name) => Number(bar.getAttribute(name))),
  );

describe('timelinePlot', () => {
  it('draws each bar in its row, from its start to its end', () => {
    const figure = timelinePlot(bars);
    const [forward, backward, bucket] = rectangles(figure) as [number[], number[], number[]];
    expect(backward[1]! / forward[1]!).toBeCloseTo(3, 6);
    expect(backward[0]).toBeCloseTo(forward[0]! + forward[1]!, 6);
    expect(bucket[0]! - forward[0]!).toBeCloseTo(2 * forward[1]!, 6);
    expect(forward[2]).toBe(backward[2]);
    expect(bucket[2]).toBeGreaterThan(forward[2]!);
    for (const text of ['rank 0', 'rank 0: gradients', 'forward', 'backward', 'bucket'])
      expect(texts(figure)).toContain(text);
    // What a pointer or a screen reader finds at a bar.
    const titles = [...drawn(figure).querySelectorAll('title')].map((title) => title.textContent);
    expect(titles).toContain('rank 0: backward, 1.000 s to 4.000 s');
  });

  it('is a self-contained SVG with finite numbers, also for bars without a length and many rows', () => {
    const many = Array.from({ length: 64 }, (_, rank) => ({ ...bars[0]!, row: `rank ${rank}`, end: 0 }));
    for (const figure of [timelinePlot(bars, { label: 'time' }), timelinePlot(many)]) {
      expect(figure.svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg".*<\/svg>$/s);
      expect(figure.svg).not.toMatch(/NaN|Infinity|undefined|null/);
      expect(figure.caption).not.toBe('');
    }
  });

  it.each<[string, () => unknown, RegExp]>([
    ['no bars', () => timelinePlot([]), /at least one bar/],
    ['an infinite time', () => timelinePlot([{ ...bars[0]!, end: Infinity }]), /must be a finite number/],
    [
      'a bar that ends early',
      () => timelinePlot([{ ...bars[0]!, end: -1 }]),
      /ends at -1 s, before its start at 0 s/,
    ],
  ])('rejects %s', (_, run, message) => {
    expect(run).toThrow(ReportError);
    expect(run).toThrow(message);
  });
});
