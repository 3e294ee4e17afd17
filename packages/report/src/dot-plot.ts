import * as Plot from '@observablehq/plot';
import { colours, type Figure, type FigureOptions, figure } from './figure.ts';
import { checkFinite, ReportError } from './report-error.ts';

/** One measured value. */
export interface Dot {
  /** Where on the axis below: what was measured. */
  readonly group: string;
  /** In which colour: what was compared. */
  readonly name: string;
  readonly value: number;
  /** Ends of the line through the dot: the lowest and the highest of several runs, or a confidence interval. */
  readonly low?: number;
  readonly high?: number;
}

/** Options of `dotPlot`. */
export interface DotPlotOptions extends FigureOptions {
  /** What the values are, with their unit. */
  readonly label: string;
}

/**
 * Values of several things under several conditions, with their spread: dots side by side, for each group.
 *
 * @throws ReportError if there is none, or a number is not finite
 */
export function dotPlot(
  dots: readonly Dot[],
  { label, caption = label, width = 640, ...size }: DotPlotOptions,
): Figure {
  if (dots.length === 0) throw new ReportError('dotPlot: there is nothing to draw.');
  for (const { group, name, value, low = value, high = value } of dots) {
    for (const number of [low, value, high]) checkFinite(`dotPlot: '${name}' of '${group}'`, number);
  }
  const names = [...new Set(dots.map(({ name }) => name))];
  const groups = [...new Set(dots.map(({ group }) => group))];
  const spans = dots.filter(({ low, high }) => low !== undefined && high !== undefined);
  const shared = { fx: 'group', x: 'name' } as const;
  return figure(
    { caption, width, ...size },
    {
      marginTop: 24 + 14 * names.length,
      marginBottom: 30,
      fx: { domain: groups, label: null },
      x: { domain: names, axis: null, padding: 0.6 },
      y: { label, grid: true, nice: true },
      color: { ...colours(names), legend: false },
      marks: [
        Plot.frame({ stroke: '#ddd' }),
        Plot.ruleX(spans, { ...shared, y1: 'low', y2: 'high', stroke: 'name', strokeWidth: 2 }),
        Plot.dot(dots, { ...shared, y: 'value', fill: 'name', r: 4 }),
        // The names of the colours, one below another, above the last group.
        ...names.map((name, index) =>
          Plot.text([name], {
            fx: [groups.at(-1)!],
            frameAnchor: 'top-right',
            text: [name],
            fill: [name],
            dy: -14 - 14 * (names.length - 1 - index),
          }),
        ),
      ],
    },
  );
}
