import * as Plot from '@observablehq/plot';
import { colourScale, drawFigure, type Figure, type FigureOptions } from './figure.ts';
import { checkFinite, ReportError } from './report-error.ts';

/** One measured value. */
export interface Dot {
  /** What was measured; the position on the horizontal axis. */
  readonly group: string;
  /** What is compared; the colour. */
  readonly name: string;
  readonly value: number;
  /** Lower end of the line through the dot: the lowest of several runs, or the end of a confidence interval. */
  readonly low?: number;
  /** Upper end of the line. */
  readonly high?: number;
}

/** Options of `dotPlot`. */
export interface DotPlotOptions extends FigureOptions {
  /** Label of the value axis, with the unit. */
  readonly label: string;
}

/**
 * Draws measured values with their spread: for each group, one dot for each name, side by side.
 *
 * @throws ReportError if there are no dots, or a number is not finite
 */
export function dotPlot(
  dots: readonly Dot[],
  { label, caption = label, width = 640, ...size }: DotPlotOptions,
): Figure {
  if (dots.length === 0) throw new ReportError('dotPlot needs at least one dot, but got none.');
  for (const { group, name, value, low = value, high = value } of dots) {
    for (const number of [low, value, high]) checkFinite(`dotPlot: '${name}' of '${group}'`, number);
  }
  const names = [...new Set(dots.map(({ name }) => name))];
  const groups = [...new Set(dots.map(({ group }) => group))];
  const spans = dots.filter(({ low, high }) => low !== undefined && high !== undefined);
  const shared = { fx: 'group', x: 'name' } as const;
  return drawFigure(
    { caption, width, ...size },
    {
      marginTop: 24 + 14 * names.length,
      marginBottom: 30,
      fx: { domain: groups, label: null },
      x: { domain: names, axis: null, padding: 0.6 },
      y: { label, grid: true, nice: true },
      color: { ...colourScale(names), legend: false },
      marks: [
        Plot.frame({ stroke: '#ddd' }),
        Plot.ruleX(spans, { ...shared, y1: 'low', y2: 'high', stroke: 'name', strokeWidth: 2 }),
        Plot.dot(dots, { ...shared, y: 'value', fill: 'name', r: 4 }),
        // The legend, above the last group.
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
