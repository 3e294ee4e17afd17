import * as Plot from '@observablehq/plot';
import { type DetCurve, normalDeviate } from '@openset/metrics';
import { colourScale, drawFigure, drawLegend, type Figure, type FigureOptions } from './figure.ts';
import { checkNames, checkRates, ReportError } from './report-error.ts';
import { thinCurve } from './thin-curve.ts';

/** Options of `detPlot`. */
export interface DetPlotOptions extends FigureOptions {
  /** Lower end of both axes, default 0.001; smaller rates are drawn there. The upper end is 0.5; larger rates are omitted. */
  readonly minRate?: number;
}

const ticks = [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5];
const largestRate = 0.5;

/**
 * Draws DET curves: false rejects over false accepts on normal-deviate axes (Martin et al., Eurospeech 1997). Normally
 * distributed similarities give a straight line; lower is better.
 *
 * @param curves from `detCurve`, each with a name
 * @throws ReportError if there are no curves, a name is missing or not unique, a rate is not finite, or `minRate` is not above 0 and below 0.5
 */
export function detPlot(
  curves: readonly { readonly name: string; readonly curve: Pick<DetCurve, 'far' | 'fnr'> }[],
  { minRate = 1e-3, caption = 'DET', ...size }: DetPlotOptions = {},
): Figure {
  checkNames('detPlot', curves);
  for (const { name, curve } of curves) {
    checkRates(`detPlot: a false accept rate of '${name}'`, curve.far);
    checkRates(`detPlot: a false reject rate of '${name}'`, curve.fnr);
  }
  if (!(minRate > 0 && minRate < largestRate)) {
    throw new ReportError(`detPlot: minRate must be above 0 and below 0.5, but is ${String(minRate)}.`);
  }
  const deviate = (rate: number) => normalDeviate(Math.max(rate, minRate));
  const domain = [deviate(minRate), deviate(largestRate)] as const;
  const points = curves.flatMap(({ name, curve }) => {
    const all = Array.from(curve.far, (far, index) => ({ x: deviate(far), y: deviate(curve.fnr[index]!) }));
    const shown = all.filter(({ x, y }) => x <= domain[1] && y <= domain[1]);
    return thinCurve(shown, { x: domain, y: domain }).map((point) => ({ ...point, name }));
  });
  const axis = {
    domain: [...domain],
    ticks: ticks.filter((rate) => rate >= minRate).map(normalDeviate),
    tickFormat: (tick: number) => formatTick(tick, ticks),
    grid: true,
  };
  const names = curves.map(({ name }) => name);
  return drawFigure(
    { caption, ...size },
    {
      color: colourScale(names),
      x: { ...axis, label: 'false accept rate (%)' },
      y: { ...axis, label: 'false reject rate (%)' },
      marks: [
        Plot.line([...domain], { x: [...domain], y: [...domain], stroke: '#ccc' }),
        Plot.line(points, { x: 'x', y: 'y', stroke: 'name', z: 'name' }),
        ...drawLegend(names, { right: true, bottom: false }),
      ],
    },
  );
}

/** Formats the rate of a tick in percent. */
function formatTick(tick: number, rates: readonly number[]): string {
  const rate = rates.find((one) => normalDeviate(one) === tick)!;
  return String(Number((100 * rate).toPrecision(3)));
}
