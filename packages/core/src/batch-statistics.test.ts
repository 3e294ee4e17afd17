import { expect, it } from 'vitest';
import { batchStatisticsExchange, withBatchStatistics } from './batch-statistics.ts';

it('is known inside the work alone, also of nested work, and after a failure', () => {
  const [outer, inner] = [true, false].map((hasRows) => ({ hasRows, sum: () => {} }));
  expect(batchStatisticsExchange()).toBeNull();
  const result = withBatchStatistics(outer!, () => {
    expect(batchStatisticsExchange()).toBe(outer);
    const fail = () => {
      expect(batchStatisticsExchange()).toBe(inner);
      throw new Error('no');
    };
    expect(() => withBatchStatistics(inner!, fail)).toThrow('no');
    expect(batchStatisticsExchange()).toBe(outer);
    return 'done';
  });
  expect(result).toBe('done');
  expect(batchStatisticsExchange()).toBeNull();
});
