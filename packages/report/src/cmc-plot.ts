import * as Plot from '@observablehq/plot';
import { colourScale, drawFigure, drawLegend, type Figure, type FigureOptions } from './figure.ts';
import { checkFinite, checkNames, ReportError } from './report-error.ts';

/**
 * Draws cumulative match characteristics (CMC): the identification rate up to each rank.
 *
 * @param curves from `cmcCurve`, each with a name
 * @throws ReportError if there are no curves, a curve is empty, a name is missing or not unique, or a rate is not finite
 */
export function cmcPlot(
  curves: readonly { readonly name: string; readonly curve: ArrayLike<number> }[],
  { caption = 'CMC', ...size }: FigureOptions = {},
): Figure {
  checkNames('cmcPlot', curves);
  const points = curves.flatMap(({ name, curve }) => {
    if (!(curve?.length > 0)) throw new ReportError(`cmcPlot: the curve '${name}' has no ranks.`);
    return Array.from(curve, (rate, index) => {
      checkFinite(`cmcPlot: the rate of '${name}' at rank ${index + 1}`, rate);
      return { name, rank: index + 1, rate };
    });
  });
  const names = curves.map(({ name }) => name);
  const lastRank = Math.max(...curves.map(({ curve }) => curve.length));
  const lowest = points.reduce((least, { rate }) => Math.min(least, rate), 1);
  return drawFigure(
    { caption, ...size },
    {
      color: colourScale(names),
      x: {
        domain: [1, Math.max(2, lastRank)],
        label: 'rank',
        // Ranks are integers, so the ticks must be, too.
        ...(lastRank <= 20 ? { ticks: Array.from({ length: lastRank }, (_, index) => index + 1) } : {}),
        tickFormat: 'd',
      },
      y: { domain: [Math.floor(lowest * 10) / 10, 1], label: 'identification rate', grid: true },
      marks: [
        Plot.line(points, { x: 'rank', y: 'rate', stroke: 'name', z: 'name' }),
        ...(lastRank <= 50 ? [Plot.dot(points, { x: 'rank', y: 'rate', fill: 'name', r: 2.5 })] : []),
        ...drawLegend(names, { right: true, bottom: true }),
      ],
    },
  );
}
