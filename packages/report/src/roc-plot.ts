import * as Plot from '@observablehq/plot';
import type { RocCurve } from '@openset/metrics';
import { colourScale, drawFigure, drawLegend, type Figure, type FigureOptions } from './figure.ts';
import { checkNames, checkRates, ReportError } from './report-error.ts';
import { thinCurve } from './thin-curve.ts';

/** Options of `rocPlot`. */
export interface RocPlotOptions extends FigureOptions {
  /** Scale of the false accept axis: `'linear'` (default), or `'log'`, which spreads the small rates of verification. */
  readonly farAxis?: 'linear' | 'log';
  /** Lower end of a log axis; default: the power of ten below the lowest positive rate, at most 0.001. */
  readonly minFar?: number;
}

/**
 * Draws ROC curves: true accepts over false accepts. On a log axis, points without false accepts are drawn at its left
 * end.
 *
 * @param curves from `rocCurve`, each with a name
 * @throws ReportError if there are no curves, a name is missing or not unique, a rate is not finite, or an option is out of range
 */
export function rocPlot(
  curves: readonly { readonly name: string; readonly curve: Pick<RocCurve, 'far' | 'tar'> }[],
  { farAxis = 'linear', minFar, caption = 'ROC', ...size }: RocPlotOptions = {},
): Figure {
  checkNames('rocPlot', curves);
  for (const { name, curve } of curves) {
    checkRates(`rocPlot: a false accept rate of '${name}'`, curve.far);
    checkRates(`rocPlot: a true accept rate of '${name}'`, curve.tar);
  }
  if (farAxis !== 'linear' && farAxis !== 'log') {
    throw new ReportError(`rocPlot: farAxis must be 'linear' or 'log', but is '${String(farAxis)}'.`);
  }
  const isLog = farAxis === 'log';
  const least = isLog ? (minFar ?? lowestRate(curves.map(({ curve }) => curve.far))) : 0;
  if (isLog && !(least > 0 && least < 1)) {
    throw new ReportError(`rocPlot: minFar must be between 0 and 1, but is ${String(least)}.`);
  }
  // `thinCurve` needs positions on the axis, which are exponents on a log axis.
  const position = (far: number) => (isLog ? Math.log10(Math.max(far, least)) : far);
  const range = { x: [position(least), position(1)], y: [0, 1] } as const;
  const points = curves.flatMap(({ name, curve }) => {
    const all = Array.from(curve.far, (far, index) => ({ x: position(far), y: curve.tar[index]! }));
    return thinCurve(all, range).map(({ x, y }) => ({ far: isLog ? 10 ** x : x, tar: y, name }));
  });
  const names = curves.map(({ name }) => name);
  return drawFigure(
    { caption, ...size },
    {
      color: colourScale(names),
      x: {
        domain: [least, 1],
        type: farAxis,
        label: 'false accept rate',
        grid: true,
        ...(isLog ? { tickFormat: '~e', ticks: 6 } : {}),
      },
      y: { domain: [0, 1], label: 'true accept rate', grid: true },
      marks: [
        // Steps, because rates do not change between two points.
        Plot.line(points, { x: 'far', y: 'tar', stroke: 'name', z: 'name', curve: 'step-after' }),
        ...drawLegend(names, { right: true, bottom: true }),
      ],
    },
  );
}

/** Returns the largest power of ten that is at most 0.001 and not above any positive rate. */
function lowestRate(rates: readonly ArrayLike<number>[]): number {
  let lowest = 1e-3;
  for (const rate of rates) {
    for (let index = 0; index < rate.length; index++) {
      if (rate[index]! > 0) lowest = Math.min(lowest, rate[index]!);
    }
  }
  return 10 ** Math.floor(Math.log10(lowest) + 1e-9);
}
