import { expect, it } from 'vitest';
import { createOutput } from './output.ts';

function outputAt(isTTY: boolean) {
  let [text, time] = ['', 0];
  const stream = {
    isTTY,
    write: (part: string) => {
      text += part;
    },
  };
  const output = createOutput(stream, () => time);
  const counter = output.counter('images');
  const countAt = (seconds: number, done: number) => {
    time = seconds;
    counter.update(done, 100);
  };
  return { output, countAt, text: () => text };
}

it('prints a counter line every ten seconds, and none for a short task', () => {
  const { output, countAt, text } = outputAt(false);
  output.note('begin');
  countAt(5, 10);
  countAt(11, 20);
  countAt(15, 30);
  countAt(25, 100);
  expect(text()).toBe('begin\nimages: 20 of 100\n');
});

it('redraws one line on a terminal, and erases it at the end', () => {
  const { countAt, text } = outputAt(true);
  countAt(0.2, 10);
  countAt(0.4, 20);
  countAt(0.5, 100);
  expect(text()).toBe('\r\x1b[Kimages: 10 of 100\r\x1b[Kimages: 20 of 100\r\x1b[K');
});

it('shows the rate and the time left of a long task', () => {
  let [text, time] = ['', 0];
  const write = (part: string) => {
    text += part;
  };
  const counter = createOutput({ write }, () => time).counter('photos', { showsRate: true });
  for (const [seconds, done] of [
    [5, 50],
    [11, 110],
  ] as const) {
    time = seconds;
    counter.update(done, 5000);
  }
  expect(text).toBe('photos: 110 of 5000, 10.0 a second, 8:09 left\n');
});
