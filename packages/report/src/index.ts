export { cmcPlot } from './cmc-plot.ts';
export { type DetPlotOptions, detPlot } from './det-plot.ts';
export { type Dot, type DotPlotOptions, dotPlot } from './dot-plot.ts';
export type { Figure, FigureOptions } from './figure.ts';
export { escapeHtml, type HtmlPage, htmlPage } from './html-page.ts';
export {
  type IdentityThresholdGroup,
  type IdentityThresholdPlotOptions,
  identityThresholdPlot,
} from './identity-threshold-plot.ts';
export { ReportError } from './report-error.ts';
export { type Report, type ReportSection, type ReportTable, reportPage } from './report-page.ts';
export { type RocPlotOptions, rocPlot } from './roc-plot.ts';
export {
  pairColours,
  type SimilarityPlotData,
  type SimilarityPlotOptions,
  similarityPlot,
} from './similarity-plot.ts';
export { type TimelineBar, type TimelinePlotOptions, timelinePlot } from './timeline-plot.ts';
export { type UtilityCurves, type UtilityPlotOptions, utilityPlot } from './utility-plot.ts';
