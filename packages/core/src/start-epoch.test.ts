import { describe, expect, it } from 'vitest';
import { ConfigError } from './errors.ts';
import { epochNumber, hasEnded, hasStarted } from './start-epoch.ts';

describe('hasStarted', () => {
  it('counts start epochs from 1 and the epoch of the context from 0', () => {
    expect([0, 1, 2, 3, 4].map((epoch) => hasStarted('It', 4, { epoch }))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it('needs no epoch if the part starts in the first epoch', () => {
    expect(hasStarted('It', 1, undefined)).toBe(true);
    expect(hasStarted('It', 0, {})).toBe(true);
  });

  it.each([undefined, {}])('requires the epoch otherwise: %o', (context) => {
    const ask = () => hasStarted('EPL', 2, context);
    expect(ask).toThrow(ConfigError);
    expect(ask).toThrow(/EPL starts at epoch 2: pass the epoch, counted from 0, as \{ epoch \} to forward/);
  });
});

describe('hasEnded', () => {
  it('counts end epochs from 1: the last epoch still counts', () => {
    expect([0, 1, 2].map((epoch) => hasEnded('It', 2, { epoch }))).toEqual([false, false, true]);
  });

  it('requires the epoch', () => {
    expect(() => hasEnded('The class loss', 2, {})).toThrow(
      /^The class loss ends after epoch 2: pass the epoch, .* or omit endEpoch\.$/,
    );
  });
});

it('epochNumber counts from 1', () => {
  expect([0, 27].map(epochNumber)).toEqual([1, 28]);
});
