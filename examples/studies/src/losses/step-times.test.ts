import { expect, it } from 'vitest';
import { cpuSeconds, stepsWithin, timeSteps } from './step-times.ts';

it('times the steps of all trainings in turns, and takes the median over the rounds', async () => {
  let now = 0;
  const calls: string[] = [];
  // Seconds for ten steps: the first round does not count.
  const training = (loss: string, seconds: number[]) => async (steps: number) => {
    calls.push(`${loss} ${steps}`);
    now += seconds.shift()!;
  };
  const trainings = new Map([
    ['slow', training('slow', [9, 2, 8, 4])],
    ['fast', training('fast', [9, 1, 1, 5])],
  ]);
  const times = await timeSteps(trainings, { rounds: 3, steps: 10 }, () => now);
  expect(times).toEqual([
    { loss: 'slow', milliseconds: 400 },
    { loss: 'fast', milliseconds: 100 },
  ]);
  expect(calls.slice(0, 4)).toEqual(['slow 10', 'fast 10', 'slow 10', 'fast 10']);
  expect(calls).toHaveLength(8);
});

it('takes the mean of the middle two of an even number of rounds', async () => {
  let now = 0;
  const seconds = [9, 1, 2, 4, 7];
  const train = async () => {
    now += seconds.shift()!;
  };
  const [time] = await timeSteps(new Map([['a', train]]), { rounds: 4, steps: 1 }, () => now);
  expect(time?.milliseconds).toBe(3000);
});

it('counts the steps that fit into a time', () => {
  expect(stepsWithin(2, { loss: 'a', milliseconds: 300 })).toBe(6);
  expect(stepsWithin(0.1, { loss: 'a', milliseconds: 300 })).toBe(1);
});

it('counts the work of the processor, not waiting', async () => {
  const started = cpuSeconds();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const waited = cpuSeconds() - started;
  expect(waited).toBeGreaterThanOrEqual(0);
  expect(waited).toBeLessThan(0.15);
  let sum = 0;
  for (let round = 0; round < 3e7; round++) sum += Math.sqrt(round);
  expect(sum).toBeGreaterThan(0);
  expect(cpuSeconds() - started).toBeGreaterThan(waited);
});
