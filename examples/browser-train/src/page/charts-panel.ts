import { find } from '@openset-examples/browser-page/dom.ts';
import { cosineText, namesText, percentText } from '@openset-examples/browser-page/texts.ts';
import type { Measurement, TrainingNews } from '../messages.ts';
import { HistogramChart } from './histogram-chart.ts';
import { LineChart, rangeFromZero } from './line-chart.ts';
import type { RunHistory } from './run-store.ts';

/** What a run trains on and with. */
export type RunTitle = Pick<RunHistory, 'loss' | 'classNames' | 'unseenNames'>;

/** A run that goes on, or is over. */
interface WatchedRun extends RunTitle {
  losses: (readonly [step: number, loss: number])[];
  measurements: Measurement[];
  totalSteps: number;
  seconds: number;
}

const cosines = { low: -1, high: 1, ticks: [-1, -0.5, 0, 0.5, 1] };

/** The part of the page that shows how a run goes. */
export class ChartsPanel {
  private readonly histogram = new HistogramChart(find('histogram'));
  private readonly separation = new LineChart(find('separation'), 'Cosines and threshold over the steps');
  private readonly losses = new LineChart(find('losses'), 'Loss over the steps');
  private readonly progress = find('progress', HTMLProgressElement);
  private run: WatchedRun | null = null;
  private started = 0;
  private frame = 0;

  constructor() {
    for (const radio of this.radios()) radio.addEventListener('change', () => this.draw());
  }

  /** Begins to show a run. */
  start(title: RunTitle): void {
    this.run = { ...title, losses: [], measurements: [], totalSteps: 1, seconds: 0 };
    this.started = performance.now();
    this.progress.hidden = false;
    this.progress.value = 0;
    this.nameClasses(title);
    this.draw();
  }

  /** Shows news of the run. */
  add(news: TrainingNews): void {
    const { run } = this;
    if (!run) return;
    run.seconds = (performance.now() - this.started) / 1000;
    if (news.kind === 'start') run.totalSteps = news.totalSteps;
    else if (news.kind === 'measurement') run.measurements.push(news.measurement);
    else {
      run.losses.push(...news.losses);
      this.progress.value = news.step / run.totalSteps;
      find('step-figure').textContent = `${news.step} of ${run.totalSteps}`;
      if (news.threshold !== null) {
        this.histogram.moveLine(run.measurements.length > 0 ? clamp(news.threshold) : null);
        find('threshold-figure').textContent = cosineText(clamp(news.threshold));
      }
    }
    // A fast run has more news than the screen has frames.
    if (this.frame === 0) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
    }
  }

  /** Ends the run. @param steps number of steps done, fewer than planned if it was stopped */
  end(steps: number, seconds: number): void {
    if (!this.run) return;
    this.run.totalSteps = Math.max(1, steps);
    this.run.seconds = seconds;
    this.progress.hidden = true;
    this.draw();
  }

  /** Ends a run that failed. @param before what was shown before it */
  fail(before: RunHistory | null): void {
    this.progress.hidden = true;
    if (before) this.show(before);
  }

  /** Returns what is shown; null if there is nothing. */
  history(): RunHistory | null {
    return this.run && { ...this.run };
  }

  /** Shows a saved run. */
  show(history: RunHistory): void {
    this.run = { ...history, losses: [...history.losses], measurements: [...history.measurements] };
    this.nameClasses(history);
    this.draw();
  }

  private radios(): NodeListOf<HTMLInputElement> {
    return document.querySelectorAll<HTMLInputElement>('input[name=pairs]');
  }

  private nameClasses({ classNames, unseenNames }: RunTitle): void {
    const word = [...classNames, ...unseenNames].every((name) => /^\d$/.test(name)) ? 'Digits' : 'Classes';
    find('trained-label').textContent = `${word} ${namesText(classNames)}, new images`;
    find('unseen-label').textContent =
      unseenNames.length > 0 ? `${word} ${namesText(unseenNames)}, never trained` : 'No class is left out';
    const [trained, unseen] = this.radios();
    unseen!.disabled = unseenNames.length === 0;
    if (unseen!.disabled) trained!.checked = true;
  }

  private draw(): void {
    const { run } = this;
    if (!run) return;
    const isTrained = this.radios()[0]!.checked;
    const pairsOf = (measurement: Measurement) => (isTrained ? measurement.trained : measurement.unseen);
    const last = run.measurements.at(-1);
    const pairs = last && pairsOf(last);
    if (last && pairs) {
      this.histogram.show(pairs, last.threshold);
      find('threshold-figure').textContent = last.threshold === null ? '–' : cosineText(last.threshold);
      find('accuracy-figure').textContent = pairs.accuracy === null ? '–' : percentText(pairs.accuracy);
      find('step-figure').textContent =
        `${Math.max(last.step, run.losses.at(-1)?.[0] ?? 0)} of ${run.totalSteps}`;
    } else this.histogram.clear();
    const loss = run.losses.at(-1)?.[1];
    find('loss-figure').textContent = loss === undefined ? '–' : loss.toFixed(2);
    find('time-figure').textContent = `${run.seconds.toFixed(1)} s`;
    find('threshold-legend').textContent =
      last?.source === 'measured'
        ? 'threshold, measured on held-out images'
        : 'threshold, learned by the loss';
    find('watch-text').textContent = last && pairs ? watchText(run, isTrained, pairs.pairs) : '';
    this.drawSeparation(run, pairsOf);
    this.drawLosses(run);
  }

  private drawSeparation(
    run: WatchedRun,
    pairsOf: (measurement: Measurement) => Measurement['unseen'],
  ): void {
    const shown = run.measurements.filter((measurement) => pairsOf(measurement));
    const band = (name: 'same' | 'different') => ({
      name,
      points: shown.map((measurement) => {
        const [low, , high] = pairsOf(measurement)![`${name}Range`];
        return [measurement.step, low, high] as const;
      }),
    });
    const thresholds = run.measurements.filter(({ threshold }) => threshold !== null);
    const line = {
      name: 'threshold',
      points: thresholds.map(({ step, threshold }) => [step, threshold!] as const),
    };
    const [first, last] = [thresholds[0], thresholds.at(-1)];
    const summary =
      first && last
        ? `The threshold goes from ${cosineText(first.threshold!)} to ${cosineText(last.threshold!)}. The bands hold 80 % of the pairs.`
        : 'There are no data yet.';
    this.separation.show(
      shown.length === 0 ? [] : [band('different'), band('same'), line],
      run.totalSteps,
      cosines,
      summary,
    );
  }

  private drawLosses({ losses, totalSteps }: WatchedRun): void {
    const [first, last] = [losses[0], losses.at(-1)];
    const summary =
      first && last
        ? `The loss goes from ${first[1].toFixed(2)} to ${last[1].toFixed(2)}.`
        : 'There are no data yet.';
    const highest = Math.max(...losses.map(([, loss]) => loss), 0);
    this.losses.show(
      losses.length === 0 ? [] : [{ name: 'loss', points: losses }],
      totalSteps,
      rangeFromZero(highest),
      summary,
    );
  }
}

function watchText({ classNames, unseenNames }: RunTitle, isTrained: boolean, pairs: number): string {
  const count = pairs.toLocaleString('en-US');
  return isTrained
    ? `${count} pairs of test images of ${namesText(classNames)}. The network has not seen these images.`
    : `${count} pairs of images of ${namesText(unseenNames)}, classes that the network was not trained on. ` +
        `${classNames.length} classes are few to learn from, so strangers stay hard.`;
}

function clamp(threshold: number): number {
  return Math.min(1, Math.max(-1, threshold));
}
