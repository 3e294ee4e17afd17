import { describe, expect, it } from 'vitest';
import { chooseParts, type WorkPart } from './plan-parts.ts';

const products = ({ rows, columns }: WorkPart) => rows * columns;

describe('chooseParts', () => {
  it.each([
    [{ rows: 49, columns: 128 }, 1],
    [{ rows: 784, columns: 64 }, 2],
    [{ rows: 12544, columns: 60 }, 3],
    [{ rows: 1, columns: 512 }, 16],
    [{ rows: 5, columns: 4 }, 2],
  ])('keeps to the limits and gives %j to %i threads', (whole, threads) => {
    const { rows, columns } = chooseParts(whole, { rows: 60, columns: 128 }, threads, products);
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThanOrEqual(60);
    expect(columns % 8).toBe(0);
    expect(columns).toBeLessThanOrEqual(128);
    const parts = Math.ceil(whole.rows / rows) * Math.ceil(whole.columns / columns);
    const most = Math.ceil(whole.rows / 60) * Math.ceil(whole.columns / 128);
    expect(parts).toBeLessThanOrEqual(Math.max(most, 8 * threads));
  });

  it('makes as few parts as the limits allow for one thread', () => {
    const whole = { rows: 100, columns: 256 };
    expect(
      chooseParts(whole, { rows: 60, columns: 128 }, 1, ({ rows, columns }) => rows * (columns + 1)),
    ).toEqual({
      rows: 50,
      columns: 128,
    });
  });

  it('divides columns if reading them is what takes time, and rows if reading rows is', () => {
    const whole = { rows: 48, columns: 128 };
    const limits = whole;
    const byColumns = chooseParts(whole, limits, 2, ({ rows, columns }) => columns * (rows + 100));
    expect(byColumns.rows).toBe(48);
    expect(byColumns.columns).toBeLessThan(128);
    const byRows = chooseParts(whole, limits, 2, ({ rows, columns }) => rows * (columns + 100));
    expect(byRows.columns).toBe(128);
    expect(byRows.rows).toBeLessThan(48);
  });
});
