import { draw } from './dom.ts';
import { cosineText } from './texts.ts';

const [width, height, inset] = [320, 56, 14];
const middle = 28;

/** What a scale of cosines shows. */
export interface CosineScaleOptions {
  /** Start of the scale; default −1. Cosines below it are at the start. */
  readonly from?: -1 | 0;
  /** Other cosines, as small dots; default none. */
  readonly others?: readonly number[];
}

/** Draws a cosine on a scale up to 1, with the threshold. */
export function cosineScale(
  { cosine, threshold }: { readonly cosine: number; readonly threshold: number },
  { from = -1, others = [] }: CosineScaleOptions = {},
): SVGElement {
  const share = (value: number) => (Math.min(1, Math.max(from, value)) - from) / (1 - from);
  const at = (value: number) => inset + share(value) * (width - 2 * inset);
  const anchor = (value: number) => (share(value) > 0.85 ? 'end' : share(value) < 0.15 ? 'start' : 'middle');
  const isAccepted = cosine >= threshold;
  const label =
    `Cosine ${cosineText(cosine)} on a scale from ${endText(from)} to 1. ` +
    `${isAccepted ? 'It reaches' : 'It is below'} the threshold, ${cosineText(threshold)}.`;
  const bar = { y: middle - 4, height: 8 };
  return draw(
    'svg',
    {
      viewBox: `0 0 ${width} ${height}`,
      class: `scale ${isAccepted ? 'accepted' : 'rejected'}`,
      role: 'img',
      'aria-label': label,
    },
    draw('rect', { class: 'track', x: at(from), width: at(1) - at(from), rx: 4, ...bar }),
    draw('rect', { class: 'zone', x: at(threshold), width: at(1) - at(threshold), rx: 4, ...bar }),
    ...others.map((other) => draw('circle', { class: 'other', cx: at(other), cy: middle, r: 3 })),
    draw('line', { class: 'mark', x1: at(threshold), x2: at(threshold), y1: middle - 11, y2: middle + 11 }),
    draw(
      'text',
      { x: at(threshold), y: 12, 'text-anchor': anchor(threshold) },
      `threshold ${cosineText(threshold)}`,
    ),
    draw('circle', { class: 'value', cx: at(cosine), cy: middle, r: 7 }),
    ...[from, 1]
      // The reading would cover the end of the scale.
      .filter((end) => Math.abs(share(end) - share(cosine)) > 0.15)
      .map((end) =>
        draw('text', { class: 'end', x: at(end), y: height - 3, 'text-anchor': 'middle' }, endText(end)),
      ),
    draw(
      'text',
      { class: 'reading', x: at(cosine), y: height - 3, 'text-anchor': anchor(cosine) },
      cosineText(cosine),
    ),
  );
}

function endText(end: number): string {
  return String(end).replace('-', '−');
}
