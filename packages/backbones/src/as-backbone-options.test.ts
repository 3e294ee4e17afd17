import { ConfigError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { checkAsBackboneOptions } from './as-backbone-options.ts';

const check = (options: object) => () => checkAsBackboneOptions(options);

describe('checkAsBackboneOptions', () => {
  it('accepts valid options', () => {
    check({})();
    check({
      name: 'one',
      inputShape: [null, 4, 1],
      inputRange: [255, 0],
      embeddingSize: 2,
      trainable: false,
    })();
  });

  it('refuses unknown option names', () => {
    expect(check({ inputrange: [0, 255] })).toThrow(ConfigError);
    expect(check({ inputrange: [0, 255] })).toThrow(/asBackbone has no option inputrange; .*inputRange/);
  });

  it.each([
    [[255], '[255]'],
    [255, '255'],
    [[0, Number.NaN], '[0, NaN]'],
    [[1, 1], '[1, 1]'],
    [[0, 128, 255], '[0, 128, 255]'],
    [['0', '255'], '[0, 255]'],
    [null, 'null'],
  ])('refuses the inputRange %j', (inputRange, found) => {
    expect(check({ inputRange })).toThrow(ConfigError);
    expect(check({ inputRange })).toThrow(`two finite numbers that differ, but is ${found}.`);
  });

  it.each([
    [[224, 224], '[224, 224]'],
    [224, '224'],
    [[224, 224, 0], '[224, 224, 0]'],
    [[1.5, 4, 1], '[1.5, 4, 1]'],
    [['4', 4, 1], '[4, 4, 1]'],
    [[4, 4, undefined], '[4, 4, undefined]'],
  ])('refuses the inputShape %j', (inputShape, found) => {
    expect(check({ inputShape })).toThrow(ConfigError);
    expect(check({ inputShape })).toThrow(`whole numbers from 1 or null for any, but is ${found}.`);
  });
});
