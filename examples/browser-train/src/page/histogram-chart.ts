import { draw } from '@openset-examples/browser-page/dom.ts';
import { cosineText, percentText } from '@openset-examples/browser-page/texts.ts';
import type { PairCosines } from '../messages.ts';

const [top, bottom, inset] = [30, 26, 16];

/** The histogram of the cosines of pairs, with the line of the threshold, which moves. */
export class HistogramChart {
  private readonly svg = draw('svg', { role: 'img' });
  private readonly line = draw('g', { class: 'threshold' });
  private readonly label = draw('text', { y: top - 9 });
  private readonly areas = {
    same: draw('path', { class: 'area same' }),
    different: draw('path', { class: 'area different' }),
  };
  private width = 0;
  private height = 0;
  private pairs: PairCosines | null = null;
  private threshold: number | null = null;

  constructor(place: HTMLElement) {
    place.append(this.svg);
    // One unit of the drawing is one pixel of the page, so that texts stay legible on small screens.
    new ResizeObserver(() => this.fit(place.clientWidth)).observe(place);
    this.fit(place.clientWidth);
  }

  /** Shows no data. */
  clear(): void {
    this.show(null, null);
  }

  /** Shows the cosines of pairs; null for none. */
  show(pairs: PairCosines | null, threshold: number | null): void {
    const hadPairs = this.pairs !== null;
    this.pairs = pairs;
    if (hadPairs !== (pairs !== null)) this.drawFrame();
    if (pairs) {
      const highest = Math.max(...pairs.same, ...pairs.different);
      this.areas.same.setAttribute('d', this.outline(pairs.same, highest));
      this.areas.different.setAttribute('d', this.outline(pairs.different, highest));
    }
    this.moveLine(threshold);
    this.svg.setAttribute('aria-label', `Histogram of the cosines of pairs. ${describe(pairs, threshold)}`);
  }

  /** Moves the line of the threshold; null hides it. */
  moveLine(threshold: number | null): void {
    this.threshold = threshold;
    this.line.style.display = threshold === null ? 'none' : '';
    if (threshold === null) return;
    this.line.style.transform = `translateX(${this.at(threshold)}px)`;
    this.label.textContent = `threshold ${cosineText(threshold)}`;
    this.label.setAttribute('text-anchor', threshold > 0.6 ? 'end' : threshold < -0.6 ? 'start' : 'middle');
  }

  private fit(width: number): void {
    if (width === this.width || width === 0) return;
    this.width = width;
    this.height = Math.round(Math.min(300, Math.max(210, width * 0.4)));
    this.svg.setAttribute('viewBox', `0 0 ${width} ${this.height}`);
    this.drawFrame();
    this.show(this.pairs, this.threshold);
  }

  /** Place of a cosine, from −1 at the left to 1 at the right. */
  private at(cosine: number): number {
    return inset + ((cosine + 1) / 2) * (this.width - 2 * inset);
  }

  private drawFrame(): void {
    const { width, height } = this;
    const floor = height - bottom;
    const ticks = [-1, -0.5, 0, 0.5, 1].map((cosine) =>
      draw(
        'text',
        { class: 'tick', x: this.at(cosine), y: height - 8, 'text-anchor': 'middle' },
        String(cosine).replace('-', '−'),
      ),
    );
    this.line.replaceChildren(
      // It reaches to the right end wherever the line is; the frame cuts the rest off.
      draw('rect', { class: 'zone', x: 0, y: top, width, height: floor - top }),
      draw('line', { x1: 0, x2: 0, y1: top - 4, y2: floor }),
      draw('path', { d: `M-5 ${top - 5}h10l-5 7z` }),
      this.label,
    );
    const frame = { x: inset, y: 0, width: width - 2 * inset, height };
    this.svg.replaceChildren(
      draw('defs', {}, draw('clipPath', { id: 'histogram-frame' }, draw('rect', frame))),
      draw('g', { 'clip-path': 'url(#histogram-frame)' }, this.line),
      ...(this.pairs ? [this.areas.different, this.areas.same] : [emptyText(width, height)]),
      draw('line', { class: 'axis', x1: inset, x2: width - inset, y1: floor, y2: floor }),
      ...ticks,
    );
  }

  /** Returns the outline of a histogram as a path of steps. */
  private outline(shares: readonly number[], highest: number): string {
    const floor = this.height - bottom;
    const y = (share: number) => (floor - (share / highest) * (floor - top - 8)).toFixed(1);
    const edge = (bin: number) => this.at(-1 + (2 * bin) / shares.length).toFixed(1);
    const steps = shares.map((share, bin) => `V${y(share)}H${edge(bin + 1)}`);
    return `M${edge(0)} ${floor}${steps.join('')}V${floor}Z`;
  }
}

function emptyText(width: number, height: number): SVGElement {
  const place = { class: 'empty', x: width / 2, y: height / 2, 'text-anchor': 'middle' };
  return draw(
    'text',
    place,
    width < 420 ? 'Train to see cosines.' : 'Train to see how the cosines of pairs separate.',
  );
}

function describe(pairs: PairCosines | null, threshold: number | null): string {
  if (!pairs) return 'There are no data yet.';
  const middles =
    `Half of the pairs of the same class are above ${cosineText(pairs.sameRange[1])}, half of those of different classes above ` +
    `${cosineText(pairs.differentRange[1])}.`;
  if (threshold === null || pairs.accuracy === null) return `${middles} There is no threshold yet.`;
  return `${middles} The threshold is ${cosineText(threshold)}; ${percentText(pairs.accuracy)} of the pairs are right.`;
}
