import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** One plot with its caption. */
export interface Figure {
  /** A self-contained `<svg>` element, which is also a valid SVG file. */
  readonly svg: string;
  /** Plain text below the plot. */
  readonly caption: string;
}

/** Size and caption of a plot. */
export interface FigureOptions {
  /** Plain text below the plot; default: a description of the plot. */
  readonly caption?: string;
  /** Width in pixels; default 460. */
  readonly width?: number;
  /** Height in pixels; default 320. */
  readonly height?: number;
}

const { document } = parseHTML('<html></html>');

/** Draws a plot without a browser. */
export function drawFigure(
  { caption, width = 460, height = 320 }: FigureOptions & { caption: string },
  options: Plot.PlotOptions,
): Figure {
  // White, so that a figure is legible on any page; `color` is the colour of its text.
  const style = { background: 'white', color: '#222' };
  const plot = Plot.plot({ marginLeft: 56, marginBottom: 40, style, ...options, width, height, document });
  return { svg: toStandaloneSvg(plot.outerHTML), caption };
}

/** Turns an `<svg>` element into a valid SVG file, and truncates the coordinates of paths to two decimals. */
function toStandaloneSvg(svg: string): string {
  return svg
    .replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"')
    .replace(/ d="[^"]*"/g, (path) => path.replace(/(\.\d\d)\d+/g, '$1'));
}

/** Draws the names of curves in their colours, one below the other, in a corner. */
export function drawLegend(
  names: readonly string[],
  { right, bottom }: { right: boolean; bottom: boolean },
): Plot.Markish[] {
  const side = { frameAnchor: corner(right, bottom), dx: right ? -6 : 6 } as const;
  return names.map((name, index) => {
    const line = bottom ? index - names.length + 1 : index;
    const dy = (bottom ? -8 : 8) + 15 * line;
    return Plot.text([name], { ...side, text: [name], fill: [name], dy, fontSize: 12 });
  });
}

function corner(right: boolean, bottom: boolean) {
  if (bottom) return right ? 'bottom-right' : 'bottom-left';
  return right ? 'top-right' : 'top-left';
}

/** Returns the colours of named curves, legible on white and for most colour-blind readers. */
export function colourScale(names: readonly string[]): Plot.ScaleOptions {
  return { domain: [...names], scheme: 'Dark2', type: 'ordinal' };
}
