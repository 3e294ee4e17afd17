import * as Plot from '@observablehq/plot';
import type { IdentityThresholds } from '@openset/metrics';
import { drawFigure, type Figure, type FigureOptions } from './figure.ts';
import { checkFinite, checkNames, ReportError } from './report-error.ts';

/** The thresholds of one model. */
export interface IdentityThresholdGroup {
  /** Name of the model in the legend. */
  readonly name: string;
  /** Result of `identityThresholds`. */
  readonly thresholds: Pick<IdentityThresholds, 'identities'>;
  /** Threshold learned in training, if any; drawn as a red mark. */
  readonly learned?: number;
}

/** Options of `identityThresholdPlot`. */
export interface IdentityThresholdPlotOptions extends FigureOptions {
  /** Lower end of the axis; default: the lowest threshold, rounded down to a tenth. */
  readonly min?: number;
  /** Upper end of the axis; default: the highest threshold, rounded up to a tenth. */
  readonly max?: number;
}

/**
 * Draws box plots of the best threshold of each identity, one box for each model. The narrower the box, the better a
 * single threshold suits all identities (UniTSFace, arXiv 2311.02523, figure on the distribution of thresholds). Boxes
 * span the quartiles, whiskers reach to the last value within 1.5 interquartile ranges, and dots are values beyond.
 *
 * @throws ReportError if there are no groups or identities, a name is missing or not unique, or a threshold is not finite
 */
export function identityThresholdPlot(
  groups: readonly IdentityThresholdGroup[],
  { min, max, caption, ...size }: IdentityThresholdPlotOptions = {},
): Figure {
  checkNames('identityThresholdPlot', groups);
  const values = groups.flatMap(({ name, thresholds }) =>
    thresholds.identities.map(({ label, threshold }) => {
      checkFinite(`identityThresholdPlot: the threshold of identity ${label} of '${name}'`, threshold);
      return { name, threshold };
    }),
  );
  if (values.length === 0)
    throw new ReportError('identityThresholdPlot needs at least one identity, but got none.');
  const learned = groups.flatMap(({ name, learned: threshold }) => {
    if (threshold === undefined) return [];
    checkFinite(`identityThresholdPlot: the learned threshold of '${name}'`, threshold);
    return [{ name, threshold }];
  });
  const all = [...values, ...learned].map(({ threshold }) => threshold);
  const round = (value: number, up: boolean) => (up ? Math.ceil : Math.floor)(value * 10) / 10;
  const low =
    min ??
    round(
      all.reduce((a, b) => Math.min(a, b)),
      false,
    );
  const high =
    max ??
    round(
      all.reduce((a, b) => Math.max(a, b)),
      true,
    );
  return drawFigure(
    { caption: caption ?? 'best threshold of each identity', ...size },
    {
      x: { domain: groups.map(({ name }) => name), label: null },
      y: { domain: [low, Math.max(high, low + 0.1)], label: 'threshold', grid: true },
      marks: [
        Plot.boxY(values, { x: 'name', y: 'threshold', fill: '#9ecae1', stroke: '#222' }),
        Plot.tickY(learned, { x: 'name', y: 'threshold', stroke: '#d7301f', strokeWidth: 3 }),
      ],
    },
  );
}
