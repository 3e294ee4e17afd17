import * as Plot from '@observablehq/plot';
import { colourScale, drawFigure, type Figure, type FigureOptions } from './figure.ts';
import { checkFinite, ReportError } from './report-error.ts';

/** One measured value. */
export interface Dot {
  /** What was measured; the position on the horizontal axis. */
  readonly group: string;
  /** What is compared; the colour. */
  readonly name: string;
  /** Place on the axis. */
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
  /** Whether groups are rows, which suits many groups and long names; default: columns. */
  readonly rows?: boolean;
}

/**
 * Draws measured values with their spread: for each group, one dot for each name, side by side.
 *
 * @throws ReportError if there are no dots, or a number is not finite
 */
export function dotPlot(
  dots: readonly Dot[],
  { label, rows = false, caption = label, width = 640, ...size }: DotPlotOptions,
): Figure {
  if (dots.length === 0) throw new ReportError('dotPlot needs at least one dot, but got none.');
  for (const { group, name, value, low = value, high = value } of dots) {
    for (const number of [low, value, high]) checkFinite(`dotPlot: '${name}' of '${group}'`, number);
  }
  const names = [...new Set(dots.map(({ name }) => name))];
  const groups = [...new Set(dots.map(({ group }) => group))];
  const spans = dots.filter(({ low, high }) => low !== undefined && high !== undefined);
  const values = { label, grid: true, nice: true } as const;
  const places = { domain: names, axis: null, padding: 0.6 } as const;
  const line = { stroke: 'name', strokeWidth: 2 } as const;
  const dot = { fill: 'name', r: 4 } as const;
  const marks = rows
    ? [
        Plot.axisFy({ anchor: 'left', label: null, dx: -4 }),
        Plot.ruleY(spans, { fy: 'group', y: 'name', x1: 'low', x2: 'high', ...line }),
        Plot.dot(dots, { fy: 'group', y: 'name', x: 'value', ...dot }),
      ]
    : [
        Plot.ruleX(spans, { fx: 'group', x: 'name', y1: 'low', y2: 'high', ...line }),
        Plot.dot(dots, { fx: 'group', x: 'name', y: 'value', ...dot }),
      ];
  const scales = rows
    ? { fy: { domain: groups, label: null }, y: places, x: values, marginLeft: leftMargin(groups) }
    : { fx: { domain: groups, label: null }, x: places, y: values };
  // The legend, above the first row or the last column.
  const facet = rows ? { fy: [groups[0]!] } : { fx: [groups.at(-1)!] };
  return drawFigure(
    { caption, width, ...size },
    {
      marginTop: 24 + 14 * names.length,
      ...(rows ? {} : { marginBottom: 30 }),
      ...scales,
      color: { ...colourScale(names), legend: false },
      marks: [
        Plot.frame({ stroke: '#ddd' }),
        ...marks,
        ...names.map((name, index) =>
          Plot.text([name], {
            ...facet,
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

/** Returns a margin, in pixels, with room for the names of rows. */
function leftMargin(names: readonly string[]): number {
  return 16 + 6 * Math.max(...names.map((name) => name.length));
}
