import { ConfigError } from '@openset/core';
import { expect, it } from 'vitest';
import { checkSameOnAllRanks, inProcess } from './index.ts';

const check = (facts: readonly Record<string, string>[]) =>
  Promise.allSettled(inProcess(facts.length).map((one) => checkSameOnAllRanks(one, facts[one.rank]!)));

it('passes if all facts are the same', async () => {
  const results = await check(Array(3).fill({ '@openset/core': '1.2.3', data: 'äb' }));
  expect(results.map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'));
});

it.each([
  [{ version: '2', data: 'a' }, "version: '1' on rank 0 (in-process), but '2' on rank 2 (in-process)"],
  [{ version: '1' }, "data: 'a' on rank 0 (in-process), but missing on rank 2 (in-process)"],
  [
    { version: '1', data: 'a', seed: '7' },
    "seed: missing on rank 0 (in-process), but '7' on rank 2 (in-process)",
  ],
])('names on all ranks the fact that differs: %j', async (other, message) => {
  const same = { version: '1', data: 'a' };
  const results = await check([same, same, other]);
  for (const result of results) {
    const { reason } = result as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(ConfigError);
    expect(reason.message).toContain(`The ranks differ in ${message}. All ranks must run the same program`);
  }
});
