import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** One plot, ready for a page. */
export interface Figure {
  /** A complete `<svg>` element, which needs nothing else: also fit for a file of its own. */
  readonly svg: string;
  /** Plain text below the plot. */
  readonly caption: string;
}

/** How large a plot is, in pixels, and what is said below it. */
export interface FigureOptions {
  /** Plain text below the plot; default what the plot shows. */
  readonly caption?: string;
  /** Default 460. */
  readonly width?: number;
  /** Default 320. */
  readonly height?: number;
}

const { document } = parseHTML('<html></html>');

/** Draws a plot without a browser. */
export function figure(
  { caption, width = 460, height = 320 }: FigureOptions & { caption: string },
  options: Plot.PlotOptions,
): Figure {
  // White, so that a figure is legible on any page; its text takes the colour of `color`.
  const style = { background: 'white', color: '#222' };
  const plot = Plot.plot({ marginLeft: 56, marginBottom: 40, style, ...options, width, height, document });
  return { svg: standalone(plot.outerHTML), caption };
}

/** An SVG as text that is also a file, with paths no finer than a hundredth of a pixel. */
function standalone(svg: string): string {
  return svg
    .replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"')
    .replace(/ d="[^"]*"/g, (path) => path.replace(/(\.\d\d)\d+/g, '$1'));
}

/** Names in the colours of their curves, one below another. */
export function legend(
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

/** Colours of named curves, readable on white and by most who are colour-blind. */
export function colours(names: readonly string[]): Plot.ScaleOptions {
  return { domain: [...names], scheme: 'Dark2', type: 'ordinal' };
}
