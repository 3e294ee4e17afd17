import * as Plot from '@observablehq/plot';
import { histogram } from '@openset/metrics';
import { type Figure, type FigureOptions, figure } from './figure.ts';
import { checkFinite, ReportError } from './report-error.ts';

/** Similarities of both kinds, and the thresholds between them. */
export interface SimilarityPlotData {
  /** Of pairs of the same identity. */
  readonly same: ArrayLike<number>;
  /** Of pairs of different identities. */
  readonly different: ArrayLike<number>;
  /** Drawn as upright lines with their names. */
  readonly thresholds?: readonly {
    readonly name: string;
    readonly value: number;
    /** Default solid. */
    readonly dashed?: boolean;
  }[];
}

/** Options of `similarityPlot`. */
export interface SimilarityPlotOptions extends FigureOptions {
  /** Lower end of the axis, default -1. */
  readonly min?: number;
  /** Upper end of the axis, default 1. */
  readonly max?: number;
  /** Default 80. */
  readonly bins?: number;
}

/** The colours of pairs of the same and of different identities. */
export const pairColours = { same: '#1b9e77', different: '#d95f02' } as const;

/**
 * Histograms of similarities: the share of the pairs of each kind in each bin, and thresholds drawn in. What lies outside
 * the axis counts in the shares and is not drawn.
 *
 * @throws ReportError if a kind of pairs is missing or a threshold is not finite
 * @throws MetricsError if a similarity is NaN or the range of the axis is empty
 */
export function similarityPlot(
  { same, different, thresholds = [] }: SimilarityPlotData,
  { min = -1, max = 1, bins = 80, caption, ...size }: SimilarityPlotOptions = {},
): Figure {
  if (!(same?.length > 0 && different?.length > 0)) {
    throw new ReportError('similarityPlot needs pairs of the same identity and pairs of different ones.');
  }
  for (const { name, value } of thresholds) checkFinite(`similarityPlot: the threshold '${name}'`, value);
  const area = (values: ArrayLike<number>, kind: keyof typeof pairColours) => {
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
  return figure(
    { caption: caption ?? 'similarities of pairs of the same identity and of different ones', ...size },
    {
      x: { domain: [min, max], label: 'similarity' },
      y: { label: 'share of pairs (%)', percent: true },
      marks: [area(different, 'different'), area(same, 'same'), ...rules, ...kinds, Plot.ruleY([0])],
    },
  );
}
