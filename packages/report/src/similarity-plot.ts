import * as Plot from '@observablehq/plot';
import { histogram } from '@openset/metrics';
import { drawFigure, type Figure, type FigureOptions } from './figure.ts';
import { checkFinite, ReportError } from './report-error.ts';

/** Similarities of both kinds of pairs, and thresholds. */
export interface SimilarityPlotData {
  /** Similarities of pairs of the same identity. */
  readonly same: ArrayLike<number>;
  /** Similarities of pairs of different identities. */
  readonly different: ArrayLike<number>;
  /** Thresholds, drawn as vertical lines with their names. */
  readonly thresholds?: readonly {
    readonly name: string;
    readonly value: number;
    /** Whether the line is dashed; default false. */
    readonly dashed?: boolean;
  }[];
}

/** Options of `similarityPlot`. */
export interface SimilarityPlotOptions extends FigureOptions {
  /** Lower end of the axis, default -1. */
  readonly min?: number;
  /** Upper end of the axis, default 1. */
  readonly max?: number;
  /** Number of bins; default 80. */
  readonly bins?: number;
}

/** Colours of pairs of the same identity and of different identities. */
export const pairColours = { same: '#1b9e77', different: '#d95f02' } as const;

/**
 * Draws histograms of similarities, with the share of each kind of pairs in each bin, and thresholds. Values outside of
 * the axis are not drawn but count in the shares.
 *
 * @throws ReportError if a kind of pairs is missing or a threshold is not finite
 * @throws MetricsError if a similarity is NaN or the range of the axis is empty
 */
export function similarityPlot(
  { same, different, thresholds = [] }: SimilarityPlotData,
  { min = -1, max = 1, bins = 80, caption, ...size }: SimilarityPlotOptions = {},
): Figure {
  if (!(same?.length > 0 && different?.length > 0)) {
    throw new ReportError(
      'similarityPlot needs pairs of the same identity and pairs of different identities.',
    );
  }
  for (const { name, value } of thresholds) checkFinite(`similarityPlot: the threshold '${name}'`, value);
  const drawHistogram = (values: ArrayLike<number>, kind: keyof typeof pairColours) => {
    const { counts, edges } = histogram(values, { min, max, bins });
    const bars = Array.from(counts, (count, bin) => ({
      from: edges[bin]!,
      to: edges[bin + 1]!,
      share: count / values.length,
    })).filter(({ share }) => share > 0);
    return Plot.rectY(bars, { x1: 'from', x2: 'to', y: 'share', fill: pairColours[kind], fillOpacity: 0.55 });
  };
  const rules = thresholds.flatMap(({ name, value, dashed }, index) => [
    Plot.ruleX([value], {
      stroke: '#222',
      strokeWidth: 1.5,
      ...(dashed ? { strokeDasharray: '4 3' } : {}),
    }),
    Plot.text([value], {
      x: [value],
      text: [`${name} ${value.toFixed(2)}`],
      frameAnchor: 'top',
      dy: 4 + 14 * index,
      dx: 4,
      textAnchor: 'start',
      fill: '#222',
      stroke: 'white',
    }),
  ]);
  const kinds = (['same', 'different'] as const).map((kind, index) =>
    Plot.text([kind], {
      text: [kind],
      frameAnchor: 'top-left',
      dx: 4,
      dy: 4 + 15 * index,
      fill: pairColours[kind],
      fontSize: 12,
      fontWeight: 'bold',
    }),
  );
  return drawFigure(
    { caption: caption ?? 'similarities of pairs of the same identity and of different identities', ...size },
    {
      x: { domain: [min, max], label: 'similarity' },
      y: { label: 'share of pairs (%)', percent: true },
      marks: [
        drawHistogram(different, 'different'),
        drawHistogram(same, 'same'),
        ...rules,
        ...kinds,
        Plot.ruleY([0]),
      ],
    },
  );
}
