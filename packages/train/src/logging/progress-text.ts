import { epochNumber, type LearnedThreshold } from '@openset/core';
import type { StepEvent, TrainingEvent } from '../training/events.ts';
import type { ProgressMeter } from './progress-meter.ts';

const barWidth = 20;

/**
 * Returns the progress line: epoch, step, images per second, those of the slowest and the fastest rank, share of the time that the run waits for images, loss, learning
 * rate, threshold, time left.
 */
export function progressText(step: StepEvent, meter: ProgressMeter, { bar }: { bar: boolean }): string {
  const { totalEpochs, totalSteps } = meter.start;
  const { loss, threshold } = meter;
  const left = meter.secondsLeft;
  const data = meter.dataShare;
  const parts = [
    `epoch ${epochNumber(step.epoch)}${totalEpochs === null ? '' : `/${totalEpochs}`}`,
    bar && totalSteps ? barText(step.step / totalSteps) : '',
    `step ${step.step}${totalSteps === null ? '' : `/${totalSteps}`}`,
    `${formatNumber(meter.imagesPerSecond)} images/s`,
    ranksText(meter.rankRates),
    data === null ? '' : `data ${(100 * data).toFixed(0)} %`,
    loss === null ? '' : `loss ${formatNumber(loss)}`,
    `lr ${formatNumber(step.learningRate)}`,
    threshold ? `threshold ${formatThreshold(threshold)}` : '',
    left === null ? '' : `${durationText(left)} left`,
  ];
  return parts.filter((part) => part !== '').join('  ');
}

/** Returns the line of an event other than a step; empty for a new run's start. */
export function eventText(event: TrainingEvent): string {
  switch (event.kind) {
    case 'start': {
      const { skipped, changes, resumedFrom, step } = event;
      return [
        ...skipped.map(({ name, reason }) => `skipped damaged checkpoint, now ${name}: ${reason}`),
        ...(resumedFrom === null ? [] : [`resumed after step ${step} from ${resumedFrom}`]),
        ...changes.map(
          ({ option, before, now }) =>
            `changed: ${option} was ${JSON.stringify(before)}, now ${JSON.stringify(now)}`,
        ),
      ].join('\n');
    }
    case 'epoch': {
      const threshold = event.threshold ? `  threshold ${formatThreshold(event.threshold)}` : '';
      return `epoch ${epochNumber(event.epoch)} done  loss ${formatNumber(event.loss)}${threshold}`;
    }
    case 'evaluation': {
      const values = Object.entries(event.values).map(([name, value]) => {
        const reason = event.reasons?.[name];
        return `${name} ${formatNumber(value)}${reason === undefined ? '' : ` (${reason})`}`;
      });
      return `evaluation at step ${event.step}  ${values.join('  ')}${event.isBest ? '  (best)' : ''}`;
    }
    case 'checkpoint':
      return `saved ${event.name}`;
    case 'stopped':
      return `stopped after step ${event.step}`;
    case 'finished':
      return `finished after step ${event.step}`;
    default:
      return '';
  }
}

/** Formats seconds as `1:02:03`, or as `2:03` below an hour. */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const twoDigits = (value: number) => String(value).padStart(2, '0');
  return `${hours > 0 ? `${hours}:${twoDigits(minutes)}` : minutes}:${twoDigits(whole % 60)}`;
}

/** Returns the rates of the slowest and the fastest rank; empty without rates. */
function ranksText(rates: readonly number[]): string {
  const known = rates.filter((rate) => !Number.isNaN(rate));
  if (known.length === 0) return '';
  const [slowest, fastest] = [Math.min(...known), Math.max(...known)].map(formatNumber);
  return `ranks ${slowest === fastest ? slowest : `${slowest}–${fastest}`} each`;
}

function barText(done: number): string {
  const filled = Math.floor(Math.min(1, done) * barWidth);
  return `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
}

function formatThreshold({ cosine }: LearnedThreshold): string {
  return Number.isFinite(cosine) ? cosine.toFixed(3) : 'n/a';
}

/** Formats with four significant digits; large numbers as integers; `n/a` for NaN and infinities. */
function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return 'n/a';
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(4)));
}
