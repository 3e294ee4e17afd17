import { draw } from '@openset-examples/browser-page/dom.ts';

const [width, height] = [350, 190];
const [left, right, top, bottom] = [40, 8, 8, 24];

/** A line of a chart, or an area between two lines. */
export interface Series {
  /** Class of the drawing. */
  readonly name: string;
  /** Values by step; with two values, the area between them. */
  readonly points: readonly (readonly [step: number, value: number, other?: number])[];
}

/** Range of the values of a chart. */
export interface ValueRange {
  readonly low: number;
  readonly high: number;
  /** Values with a label. */
  readonly ticks: readonly number[];
}

/** A chart of values over the steps of a run. */
export class LineChart {
  private readonly svg = draw('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img' });

  private readonly title: string;

  constructor(place: HTMLElement, title: string) {
    this.title = title;
    place.append(this.svg);
    this.show([], 1, { low: 0, high: 1, ticks: [] }, 'There are no data yet.');
  }

  /**
   * @param totalSteps number of steps at the right end
   * @param summary what the chart shows, in words
   */
  show(
    series: readonly Series[],
    totalSteps: number,
    { low, high, ticks }: ValueRange,
    summary: string,
  ): void {
    const x = (step: number) => left + (Math.min(1, step / totalSteps) || 0) * (width - left - right);
    const y = (value: number) =>
      top + (1 - (Math.min(high, Math.max(low, value)) - low) / (high - low)) * (height - top - bottom);
    const point = (step: number, value: number) => `${x(step).toFixed(1)} ${y(value).toFixed(1)}`;
    const drawings = series.map(({ name, points }) => {
      const line = points.map(([step, value]) => point(step, value));
      const back = points
        .filter(([, , other]) => other !== undefined)
        .map(([step, , other]) => point(step, other!));
      const d =
        line.length === 0 ? '' : `M${[...line, ...back.reverse()].join('L')}${back.length > 0 ? 'Z' : ''}`;
      return draw('path', { class: `${back.length > 0 ? 'band' : 'curve'} ${name}`, d });
    });
    this.svg.replaceChildren(
      ...ticks.flatMap((tick) => [
        draw('line', { class: 'grid', x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
        draw('text', { class: 'tick', x: left - 6, y: y(tick) + 4, 'text-anchor': 'end' }, tickText(tick)),
      ]),
      ...drawings,
      draw('line', { class: 'axis', x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }),
      draw('text', { class: 'tick', x: left, y: height - 7 }, '0'),
      draw(
        'text',
        { class: 'tick', x: width - right, y: height - 7, 'text-anchor': 'end' },
        series.length === 0 ? '' : `${totalSteps.toLocaleString('en-US')} steps`,
      ),
    );
    this.svg.setAttribute('aria-label', `${this.title}. ${summary}`);
  }
}

function tickText(value: number): string {
  return String(value).replace('-', '−');
}

/** Returns a range from 0 for positive values, with two or three round ticks. */
export function rangeFromZero(highest: number): ValueRange {
  if (!(highest > 0)) return { low: 0, high: 1, ticks: [0, 1] };
  const power = 10 ** Math.floor(Math.log10(highest));
  const step = [0.5, 1, 2, 5].map((factor) => factor * power).find((one) => highest / one <= 3) ?? 5 * power;
  const count = Math.floor(highest / step);
  const ticks = Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(3)));
  return { low: 0, high: Math.max(highest, step * count), ticks };
}
