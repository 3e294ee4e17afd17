import { ConfigError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { startEvent, stepEvent } from '../__fixtures__/events.ts';
import type { TrainingEvent } from '../training/events.ts';
import { consoleLogger } from './console-logger.ts';
import { durationText } from './progress-text.ts';

/** Returns what the logger writes for events that are `interval` seconds apart. */
function written(
  events: readonly TrainingEvent[],
  {
    interval = 1,
    everySeconds,
    ...stream
  }: { interval?: number; everySeconds?: number; isTTY?: boolean; columns?: number } = {},
): string[] {
  const texts: string[] = [];
  let time = 0;
  const logger = consoleLogger({
    stream: { write: (text: string) => texts.push(text), ...stream },
    now: () => time,
    ...(everySeconds === undefined ? {} : { everySeconds }),
  });
  for (const event of events) {
    logger.log(event);
    time += interval;
  }
  logger.close?.();
  return texts;
}

const steps = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => stepEvent(from + index));
const end = [
  {
    kind: 'epoch',
    step: 5,
    epoch: 0,
    loss: 1234.5,
    threshold: { cosine: 0.3, between: 'embeddings' },
    images: 50,
  },
  {
    kind: 'evaluation',
    step: 5,
    epoch: 0,
    values: { accuracy: 0.98765, rate: 1e-7 },
    isBest: true,
    seconds: 2,
  },
  { kind: 'checkpoint', step: 5, epoch: 0, name: 'runs/step-00000005-best', isBest: true },
  { kind: 'stopped', step: 5, epoch: 0 },
] as const;

describe('consoleLogger', () => {
  it('writes plain lines at intervals without a terminal', () => {
    const texts = written([startEvent(), ...steps(1, 5), ...end], { everySeconds: 3 });
    expect(texts).toEqual([
      'epoch 1/4  step 1/20  20 images/s  loss 12.35  lr 0.1  threshold 0.312  0:10 left\n',
      'epoch 1/4  step 4/20  20 images/s  loss 3.086  lr 0.1  threshold 0.312  0:08 left\n',
      'epoch 1 done  loss 1235  threshold 0.300\n',
      'evaluation at step 5  accuracy 0.9877  rate 1e-7  (best)\n',
      'saved runs/step-00000005-best\n',
      'stopped after step 5\n',
    ]);
    expect(written([startEvent(), ...steps(1, 40)]).length).toBe(2);
  });

  it('shows the share of the time that the run waits for images', () => {
    const timing = { data: 0.1, forward: 0.1, loss: 0.05, backward: 0.2, update: 0.05 };
    const texts = written(
      [startEvent(), stepEvent(1, { timing }), stepEvent(2, { timing: { ...timing, data: 0.4 } })],
      {
        everySeconds: 0,
      },
    );
    expect(texts[0]).toContain('20 images/s  data 20 %  loss');
    // Both steps: 0.5 of 1 second.
    expect(texts[1]).toContain('20 images/s  data 50 %  loss');
  });

  it('shows the rates of the slowest and the fastest rank, as last reported', () => {
    const report = (imagesPerSecond: readonly number[]) =>
      ({ kind: 'ranks', step: 1, epoch: 0, imagesPerSecond }) as const;
    const events = [
      ...[startEvent(), stepEvent(1), report([12.34, Number.NaN, 5.678]), stepEvent(2)],
      ...[report([7, 7]), stepEvent(3)],
    ];
    const texts = written(events, { everySeconds: 0 });
    expect(texts).toHaveLength(3);
    expect(texts[0]).toContain('20 images/s  loss');
    expect(texts[1]).toContain('20 images/s  ranks 5.678–12.34 each  loss');
    expect(texts[2]).toContain('20 images/s  ranks 7 each  loss');
  });

  it('redraws one line on a terminal', () => {
    const texts = written([startEvent(), ...steps(1, 2), end[0], stepEvent(6)], {
      isTTY: true,
      columns: 200,
    });
    expect(texts).toEqual([
      '\r\x1b[Kepoch 1/4  █░░░░░░░░░░░░░░░░░░░  step 1/20  20 images/s  loss 12.35  lr 0.1  threshold 0.312  0:10 left',
      '\r\x1b[Kepoch 1/4  ██░░░░░░░░░░░░░░░░░░  step 2/20  20 images/s  loss 6.173  lr 0.1  threshold 0.312  0:09 left',
      '\r\x1b[K',
      'epoch 1 done  loss 1235  threshold 0.300\n',
      '\r\x1b[Kepoch 2/4  ██████░░░░░░░░░░░░░░  step 6/20  20 images/s  loss 2.058  lr 0.1  threshold 0.312  0:07 left',
      '\r\x1b[K',
    ]);
  });

  it('truncates the line to the width of the terminal, and limits the rate of redraws', () => {
    const texts = written([startEvent(), ...steps(1, 10)], { isTTY: true, columns: 30, interval: 0.04 });
    expect(texts[0]).toBe('\r\x1b[Kepoch 1/4  █░░░░░░░░░░░░░░░░░');
    expect(texts).toHaveLength(5);
  });

  it('shows the last values read for a step that reads none', () => {
    const unread = stepEvent(2, { loss: null, threshold: null });
    const texts = written([startEvent(), stepEvent(1), unread], { everySeconds: 1 });
    expect(texts[1]).toContain('step 2/20  20 images/s  loss 12.35  lr 0.1  threshold 0.312');
  });

  it('omits what is unknown', () => {
    const start = startEvent({ stepsPerEpoch: null, totalSteps: null, totalEpochs: null });
    const step = stepEvent(7, { loss: null, threshold: null, learningRate: 1e-9 });
    for (const isTTY of [false, true]) {
      expect(written([start, step], { isTTY })[0]).toContain('epoch 2  step 7  20 images/s  lr 1e-9');
    }
  });

  it('reports the checkpoint it resumed from, skipped ones and changed options', () => {
    const skipped = [{ name: 'damaged-1', reason: 'loss.safetensors is damaged.' }];
    const changes = [{ option: 'loss.margin', before: undefined, now: 0.4 }];
    const start = startEvent({ step: 3, resumedFrom: 'runs/step-00000003', skipped, changes });
    expect(written([start])).toEqual([
      'skipped damaged checkpoint, now damaged-1: loss.safetensors is damaged.\n' +
        'resumed after step 3 from runs/step-00000003\n' +
        'changed: loss.margin was undefined, now 0.4\n',
    ]);
    expect(written([startEvent(), { kind: 'finished', step: 20, epoch: 3 }])).toEqual([
      'finished after step 20\n',
    ]);
  });

  it('writes n/a for numbers that do not exist, with the reason', () => {
    const values = { accuracy: 0.5, score: Number.NaN, other: Number.NEGATIVE_INFINITY };
    const reasons = { score: 'the loss has learned no threshold yet' };
    const evaluation = {
      kind: 'evaluation',
      step: 1,
      epoch: 0,
      values,
      reasons,
      isBest: false,
      seconds: 1,
    } as const;
    const step = stepEvent(1, { seconds: 0, threshold: { cosine: Number.NaN, between: 'embeddings' } });
    expect(written([startEvent(), step, evaluation])).toEqual([
      'epoch 1/4  step 1/20  n/a images/s  loss 12.35  lr 0.1  threshold n/a  0:00 left\n',
      'evaluation at step 1  accuracy 0.5  score n/a (the loss has learned no threshold yet)  other n/a\n',
    ]);
  });

  it('checks its options', () => {
    expect(() => consoleLogger({ everySeconds: -1 })).toThrow(ConfigError);
  });
});

it.each([
  [0, '0:00'],
  [59.6, '1:00'],
  [3599, '59:59'],
  [3661, '1:01:01'],
  [360_000, '100:00:00'],
])('%s seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});
