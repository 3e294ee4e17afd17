import type { Verification } from '@openset/verify';
import { draw } from './dom.ts';
import { cosineText } from './texts.ts';

const [width, height, inset] = [320, 56, 14];
const middle = 28;

/** Draws the cosine of two images on a scale from −1 to 1, with the threshold. */
export function cosineScale({ cosine, threshold, same }: Verification): SVGElement {
  const at = (value: number) => inset + ((Math.min(1, Math.max(-1, value)) + 1) / 2) * (width - 2 * inset);
  const anchor = (value: number) => (value > 0.7 ? 'end' : value < -0.7 ? 'start' : 'middle');
  const label =
    `Cosine ${cosineText(cosine)} on a scale from −1 to 1. ` +
    `${same ? 'It reaches' : 'It is below'} the threshold, ${cosineText(threshold)}.`;
  const bar = { y: middle - 4, height: 8 };
  return draw(
    'svg',
    {
      viewBox: `0 0 ${width} ${height}`,
      class: `scale ${same ? 'accepted' : 'rejected'}`,
      role: 'img',
      'aria-label': label,
    },
    draw('rect', { class: 'track', x: at(-1), width: at(1) - at(-1), rx: 4, ...bar }),
    draw('rect', { class: 'zone', x: at(threshold), width: at(1) - at(threshold), rx: 4, ...bar }),
    draw('line', { class: 'mark', x1: at(threshold), x2: at(threshold), y1: middle - 11, y2: middle + 11 }),
    draw(
      'text',
      { x: at(threshold), y: 12, 'text-anchor': anchor(threshold) },
      `threshold ${cosineText(threshold)}`,
    ),
    draw('circle', { class: 'value', cx: at(cosine), cy: middle, r: 7 }),
    ...[-1, 1]
      // The reading would cover the end of the scale.
      .filter((end) => Math.abs(end - cosine) > 0.3)
      .map((end) =>
        draw(
          'text',
          { class: 'end', x: at(end), y: height - 3, 'text-anchor': 'middle' },
          String(end).replace('-', '−'),
        ),
      ),
    draw(
      'text',
      { class: 'reading', x: at(cosine), y: height - 3, 'text-anchor': anchor(cosine) },
      cosineText(cosine),
    ),
  );
}
