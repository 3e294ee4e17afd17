import * as Plot from '@observablehq/plot';
import type { OperatingPointInconsistency } from '@openset/metrics';
import { colourScale, drawFigure, drawLegend, type Figure, type FigureOptions } from './figure.ts';
import { checkFinite, checkNames, checkRates, ReportError } from './report-error.ts';

/** Curves of `utilityPlot`: a result of `operatingPointInconsistency`. */
export type UtilityCurves = Pick<OperatingPointInconsistency, 'cosines' | 'meanUtility'> & {
  /** Utility of each class at each cosine. */
  readonly classes: readonly Pick<OperatingPointInconsistency['classes'][number], 'utility'>[];
};

/** Options of `utilityPlot`. */
export interface UtilityPlotOptions extends FigureOptions {
  /** The one threshold, a cosine, drawn as a vertical line; the axis always contains it. */
  readonly threshold?: number;
  /** `[classes]`: names of up to 8 groups, for coloured lines. */
  readonly names?: readonly string[];
}

/** Number of lines above which bands replace them. */
const maximumLines = 30;
const maximumNames = 8;

/** Shares of the classes below and above each band. */
const bands = [
  { low: 0.05, high: 0.95, opacity: 0.25 },
  { low: 0.25, high: 0.75, opacity: 0.45 },
] as const;

/**
 * Draws the utility of each threshold for each identity or group as a thin line, and their mean as a thick one. The closer the
 * lines, the better one threshold serves all. For more than 30 classes, bands hold the middle 50 % and 90 % of the utilities.
 *
 * @throws ReportError if there are no classes or thresholds, lengths differ, a number is not finite, or there are more than 8
 *   names
 */
export function utilityPlot(
  { cosines, classes, meanUtility }: UtilityCurves,
  { threshold, names, caption, ...size }: UtilityPlotOptions = {},
): Figure {
  const caller = 'utilityPlot';
  if (classes.length === 0 || cosines.length === 0) {
    throw new ReportError(
      `${caller} needs at least one class and one threshold, but got ${classes.length} and ${cosines.length}.`,
    );
  }
  checkRates(`${caller}: a threshold`, cosines);
  for (const utility of [meanUtility, ...classes.map((one) => one.utility)]) {
    checkRates(`${caller}: a utility`, utility);
    if (utility.length !== cosines.length) {
      throw new ReportError(
        `${caller}: a curve has ${utility.length} utilities, but there are ${cosines.length} thresholds.`,
      );
    }
  }
  if (threshold !== undefined) checkFinite(`${caller}: the threshold`, threshold);
  if (names) checkClassNames(caller, names, classes.length);
  const shown = [...cosines, ...(threshold === undefined ? [] : [threshold])];
  const domain: [number, number] = [Math.min(...shown), Math.max(...shown)];
  return drawFigure(
    { caption: caption ?? 'utility by threshold, and its mean', ...size },
    {
      ...(names ? { color: colourScale(names) } : {}),
      x: { domain, label: 'threshold (cosine)' },
      y: { domain: [0, 1], label: 'utility', grid: true },
      marks: [
        ...(classes.length > maximumLines ? drawBands(cosines, classes) : drawLines(cosines, classes, names)),
        Plot.line(toPoints(cosines, meanUtility), {
          x: 'cosine',
          y: 'utility',
          stroke: '#222',
          strokeWidth: 2.5,
          ...(names ? { strokeDasharray: '5 3' } : {}),
        }),
        ...(threshold === undefined ? [] : drawThreshold(threshold, domain)),
        ...(names ? drawLegend(names, { right: false, bottom: true }) : []),
      ],
    },
  );
}

function toPoints(cosines: Float64Array, utility: Float64Array) {
  return Array.from(cosines, (cosine, step) => ({ cosine, utility: utility[step]! }));
}

function drawLines(
  cosines: Float64Array,
  classes: UtilityCurves['classes'],
  names?: readonly string[],
): Plot.Markish[] {
  const points = classes.flatMap(({ utility }, index) =>
    toPoints(cosines, utility).map((point) => ({ ...point, index, name: names?.[index] })),
  );
  const style = names ? { stroke: 'name', strokeWidth: 1.5 } : { stroke: '#9ecae1', strokeWidth: 1 };
  return [Plot.line(points, { x: 'cosine', y: 'utility', z: 'index', ...style })];
}

function drawBands(cosines: Float64Array, classes: UtilityCurves['classes']): Plot.Markish[] {
  const sorted = Array.from(cosines, (_, step) =>
    Float64Array.from(classes, ({ utility }) => utility[step]!).sort(),
  );
  const last = classes.length - 1;
  return bands.map(({ low, high, opacity }) => {
    const points = sorted.map((utilities, step) => ({
      cosine: cosines[step]!,
      low: utilities[Math.round(low * last)]!,
      high: utilities[Math.round(high * last)]!,
    }));
    return Plot.areaY(points, { x: 'cosine', y1: 'low', y2: 'high', fill: '#3182bd', fillOpacity: opacity });
  });
}

function drawThreshold(threshold: number, [low, high]: readonly [number, number]): Plot.Markish[] {
  // Above the frame, on the side with room.
  const textAnchor = threshold > (low + high) / 2 ? 'end' : 'start';
  return [
    Plot.ruleX([threshold], { stroke: '#d7301f', strokeWidth: 1.5 }),
    Plot.text([threshold], {
      x: [threshold],
      text: [`threshold ${threshold.toFixed(2)}`],
      frameAnchor: 'top',
      textAnchor,
      dy: -10,
      fill: '#d7301f',
    }),
  ];
}

function checkClassNames(caller: string, names: readonly string[], classes: number): void {
  if (names.length !== classes || classes > maximumNames) {
    throw new ReportError(
      `${caller}: names has ${names.length} elements for ${classes} classes, but needs one for each of up to ` +
        `${maximumNames} classes: leave it out for more.`,
    );
  }
  checkNames(
    caller,
    names.map((name) => ({ name })),
  );
}
