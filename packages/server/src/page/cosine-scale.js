// @ts-check
import { draw } from './dom.js';
import { cosineText } from './texts.js';

const [width, height, inset] = [320, 52, 12];
const line = 26;

/**
 * Draws a cosine on a scale from 0 to 1, with the threshold and the other candidates. Cosines below 0 are at the start.
 * @param {number} cosine
 * @param {number} threshold
 * @param {readonly number[]} others cosines of the other candidates
 */
export function cosineScale(cosine, threshold, others = []) {
  const at = (/** @type {number} */ value) => inset + Math.min(1, Math.max(0, value)) * (width - 2 * inset);
  const isAccepted = cosine >= threshold;
  const side = threshold > 0.8 ? 'end' : threshold < 0.2 ? 'start' : 'middle';
  const label =
    `Cosine ${cosineText(cosine)} on a scale from 0 to 1. ` +
    `${isAccepted ? 'It reaches' : 'It is below'} the threshold, ${cosineText(threshold)}.`;
  return draw(
    'svg',
    {
      viewBox: `0 0 ${width} ${height}`,
      class: `scale ${isAccepted ? 'accepted' : 'rejected'}`,
      role: 'img',
      'aria-label': label,
    },
    draw('rect', { class: 'track', x: at(0), y: line - 4, width: at(1) - at(0), height: 8, rx: 4 }),
    draw('rect', {
      class: 'zone',
      x: at(threshold),
      y: line - 4,
      width: at(1) - at(threshold),
      height: 8,
      rx: 4,
    }),
    ...others.map((other) => draw('circle', { class: 'other', cx: at(other), cy: line, r: 3 })),
    draw('line', { class: 'mark', x1: at(threshold), x2: at(threshold), y1: line - 11, y2: line + 11 }),
    draw('text', { x: at(threshold), y: 11, 'text-anchor': side }, `threshold ${cosineText(threshold)}`),
    draw('circle', { class: 'value', cx: at(cosine), cy: line, r: 7 }),
    draw('text', { class: 'end', x: at(0), y: height - 3, 'text-anchor': 'middle' }, '0'),
    draw('text', { class: 'end', x: at(1), y: height - 3, 'text-anchor': 'middle' }, '1'),
    draw(
      'text',
      {
        class: 'reading',
        x: at(cosine),
        y: height - 3,
        'text-anchor': cosine > 0.92 ? 'end' : cosine < 0.08 ? 'start' : 'middle',
      },
      cosineText(cosine),
    ),
  );
}
