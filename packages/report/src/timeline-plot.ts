import * as Plot from '@observablehq/plot';
import { colourScale, drawFigure, type Figure, type FigureOptions } from './figure.ts';
import { checkFinite, ReportError } from './report-error.ts';

/** Something that took time. */
export interface TimelineBar {
  /** Row, such as a process. */
  readonly row: string;
  /** What it was; the colour. */
  readonly name: string;
  /** Seconds. */
  readonly start: number;
  /** Seconds, not before `start`. */
  readonly end: number;
}

/** Options of `timelinePlot`. */
export interface TimelinePlotOptions extends FigureOptions {
  /** Label of the time axis; default `'seconds'`. */
  readonly label?: string;
}

/** Pixels of the text above the plot for each name. */
const nameHeight = 14;

/**
 * Draws what ran when: a row for each process or resource, with a bar for each thing that it did. Bars of a row may overlap; the space between
 * bars is idle time.
 *
 * @throws ReportError if there are no bars, a time is not finite, or a bar ends before it starts
 */
export function timelinePlot(
  bars: readonly TimelineBar[],
  { label = 'seconds', caption = 'what ran when', width = 640, height, ...size }: TimelinePlotOptions = {},
): Figure {
  if (bars.length === 0) throw new ReportError('timelinePlot needs at least one bar, but got none.');
  for (const { row, name, start, end } of bars) {
    for (const time of [start, end]) checkFinite(`timelinePlot: '${name}' of '${row}'`, time);
    if (end < start)
      throw new ReportError(
        `timelinePlot: '${name}' of '${row}' ends at ${end} s, before its start at ${start} s.`,
      );
  }
  const names = [...new Set(bars.map(({ name }) => name))];
  const rows = [...new Set(bars.map(({ row }) => row))];
  const top = 10 + nameHeight * names.length;
  return drawFigure(
    { caption, width, height: height ?? top + 46 + 26 * rows.length, ...size },
    {
      marginTop: top,
      marginLeft: 16 + 6 * Math.max(...rows.map((row) => row.length)),
      x: { label, grid: true },
      y: { domain: rows, label: null, padding: 0.2 },
      color: { ...colourScale(names), legend: false },
      marks: [
        Plot.frame({ stroke: '#ddd' }),
        Plot.barX(bars, {
          x1: 'start',
          x2: 'end',
          y: 'row',
          fill: 'name',
          fillOpacity: 0.8,
          title: ({ row, name, start, end }: TimelineBar) =>
            `${row}: ${name}, ${start.toFixed(3)} s to ${end.toFixed(3)} s`,
        }),
        ...names.map((name, index) =>
          Plot.text([name], {
            frameAnchor: 'top-right',
            text: [name],
            fill: [name],
            dy: -8 - nameHeight * (names.length - 1 - index),
          }),
        ),
      ],
    },
  );
}
