import * as Plot from '@observablehq/plot';
import type { RocCurve } from '@openset/metrics';
import { colours, type Figure, type FigureOptions, figure, legend } from './figure.ts';
import { checkNames, ReportError } from './report-error.ts';
import { thinCurve } from './thin-curve.ts';

/** Options of `rocPlot`. */
export interface RocPlotOptions extends FigureOptions {
  /** `'linear'` (default), or `'log'`, which spreads the small rates that verification is about. */
  readonly farAxis?: 'linear' | 'log';
  /** The lowest false accept rate of a log axis; default a power of ten below the lowest rate above 0, at most 0.001. */
  readonly minFar?: number;
}

/**
 * ROC curves: true accepts over false accepts. On a log axis, points without false accepts are drawn at its left end.
 *
 * @param curves from `rocCurve`, each with a name
 * @throws ReportError if there is no curve, names are missing or equal, or an option is unusable
 */
export function rocPlot(
  curves: readonly { readonly name: string; readonly curve: Pick<RocCurve, 'far' | 'tar'> }[],
  { farAxis = 'linear', minFar, caption = 'ROC', ...size }: RocPlotOptions = {},
): Figure {
  checkNames('rocPlot', curves);
  if (farAxis !== 'linear' && farAxis !== 'log') {
    throw new ReportError(`rocPlot: farAxis must be 'linear' or 'log', but is '${String(farAxis)}'.`);
  }
  const isLog = farAxis === 'log';
  const least = isLog ? (minFar ?? lowestRate(curves.map(({ curve }) => curve.far))) : 0;
  if (isLog && !(least > 0 && least < 1)) {
    throw new ReportError(`rocPlot: minFar must lie between 0 and 1, but is ${String(least)}.`);
  }
  // On a log axis the grid is one of powers of ten.
  const place = (far: number) => (isLog ? Math.log10(Math.max(far, least)) : far);
  const range = { x: [place(least), place(1)], y: [0, 1] } as const;
  const points = curves.flatMap(({ name, curve }) => {
    const all = Array.from(curve.far, (far, index) => ({ x: place(far), y: curve.tar[index]! }));
    return thinCurve(all, range).map(({ x, y }) => ({ far: isLog ? 10 ** x : x, tar: y, name }));
  });
  const names = curves.map(({ name }) => name);
  return figure(
    { caption, ...size },
    {
      color: colours(names),
      x: {
        domain: [least, 1],
        type: farAxis,
        label: 'false accept rate',
        grid: true,
        ...(isLog ? { tickFormat: '~e', ticks: 6 } : {}),
      },
      y: { domain: [0, 1], label: 'true accept rate', grid: true },
      marks: [
        // Steps are what the counts are: nothing lies between two points.
        Plot.line(points, { x: 'far', y: 'tar', stroke: 'name', z: 'name', curve: 'step-after' }),
        ...legend(names, { right: true, bottom: true }),
      ],
    },
  );
}

/** A power of ten at most 0.001 and not above any rate but 0. */
function lowestRate(rates: readonly ArrayLike<number>[]): number {
  let lowest = 1e-3;
  for (const rate of rates) {
    for (let index = 0; index < rate.length; index++) {
      if (rate[index]! > 0) lowest = Math.min(lowest, rate[index]!);
    }
  }
  return 10 ** Math.floor(Math.log10(lowest) + 1e-9);
}
