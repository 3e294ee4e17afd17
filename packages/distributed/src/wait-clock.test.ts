import { afterEach, expect, it, vi } from 'vitest';
import { dataParallel, inProcess, type Numbers } from './index.ts';
import { WaitClock } from './wait-clock.ts';

afterEach(() => vi.useRealTimers());

const after = (milliseconds: number) =>
  new Promise<string>((resolve) => setTimeout(resolve, milliseconds, 'done'));

it('counts the time in which any promise is pending, once', async () => {
  vi.useFakeTimers();
  const clock = new WaitClock();
  expect(clock.seconds()).toBe(0);
  const short = clock.during(after(1000));
  const long = clock.during(after(3000));
  await vi.advanceTimersByTimeAsync(2000);
  expect(clock.seconds()).toBe(2);
  await vi.advanceTimersByTimeAsync(5000);
  expect(await Promise.all([short, long])).toEqual(['done', 'done']);
  expect(clock.seconds()).toBe(3);
  const failing = clock.during(after(500).then(() => Promise.reject(new Error('no'))));
  const failure = expect(failing).rejects.toThrow('no');
  await vi.advanceTimersByTimeAsync(1000);
  await failure;
  expect(clock.seconds()).toBe(3.5);
});

it('counts the time of calls that block', () => {
  vi.useFakeTimers();
  const clock = new WaitClock();
  expect(clock.duringCall(() => vi.advanceTimersByTime(1000) && 'done')).toBe('done');
  vi.advanceTimersByTime(500);
  const failing = () => {
    vi.advanceTimersByTime(250);
    throw new Error('no');
  };
  expect(() => clock.duringCall(failing)).toThrow('no');
  expect(clock.seconds()).toBe(1.25);
});

it('ranks sum at once if their communicator does', () => {
  const [communicator] = inProcess(1);
  expect(dataParallel(communicator!)).not.toHaveProperty('sumNow');
  const blocking = Object.assign(communicator!, {
    allReduceNow: (values: Numbers) => {
      for (const [index, value] of values.entries()) values[index] = 2 * value;
    },
  });
  const values = Float64Array.of(1, 2);
  dataParallel(blocking).sumNow!(values);
  expect([...values]).toEqual([2, 4]);
});

it('ranks count what they wait for others, and no time of their own', async () => {
  vi.useFakeTimers();
  const waited = inProcess(2).map(async (communicator) => {
    const ranks = dataParallel(communicator);
    // Rank 1 computes longer, before and between the calls.
    const work = () => after(ranks.rank === 0 ? 1000 : 4000);
    await work();
    await ranks.gather(Int32Array.of(ranks.rank));
    await work();
    await ranks.sum([Float32Array.of(1)]);
    const sum = ranks.startSum([1]);
    await work();
    sum.set(0, Float32Array.of(1));
    await sum.finish();
    return ranks.waitedSeconds!();
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await Promise.all(waited)).toEqual([9, 0]);
});
