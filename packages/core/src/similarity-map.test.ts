import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ConfigError } from './errors.ts';
import { hardNegativesMap } from './hard-negatives-map.ts';
import { negativeLimitMap } from './negative-limit-map.ts';
import { negativeMargin } from './negative-margin.ts';
import { applyPower, powerMap } from './power-map.ts';
import { checkSimilarityMap, mapNegatives, type SimilarityMap } from './similarity-map.ts';

const plain = { cosineLimit: undefined, similarityMap: undefined, negativeMargin: undefined };
const read = (tensor: tf.Tensor | null) => (tensor ? [...tensor.dataSync()] : null);

function expectClose(found: readonly number[] | null, expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, index) => {
    expect(found![index]).toBeCloseTo(value, 5);
  });
}

/** Returns values and derivatives of one row of similarities. */
function mapOf(
  values: number[],
  options: Partial<Parameters<typeof mapNegatives>[1]>,
  hard: { threshold: number; factor?: number } | null = null,
) {
  tf.engine().startScope();
  const result = mapNegatives(
    tf.tensor2d([values]),
    { ...plain, ...options },
    hard && {
      threshold: tf.fill([1, values.length], hard.threshold) as tf.Tensor2D,
      factor: hard.factor === undefined ? undefined : tf.tensor1d([hard.factor]),
    },
  );
  const numbers = { value: read(result.value), derivative: read(result.derivative) };
  tf.engine().endScope();
  return numbers;
}

describeOnBackends('maps of the similarities', () => {
  it('leave similarities as they are without options', () => {
    expect(mapOf([-1, 0, 0.25], {})).toEqual({ value: [-1, 0, 0.25], derivative: null });
  });

  it('raise to a power: g(c) = 2((c + 1) / 2)³ − 1', () => {
    const { value, derivative } = mapOf([-1, 0, 0.5, 1], { similarityMap: powerMap({ exponent: 3 }) });
    // g(0) = 2/8 − 1, g(0.5) = 2 · 27/64 − 1; g′(c) = 3((c + 1) / 2)²
    expectClose(value, [-1, -0.75, -0.15625, 1]);
    expectClose(derivative, [0, 0.75, 1.6875, 3]);
  });

  it('raise to a power without its gradient', () => {
    const map = powerMap({ exponent: 3, gradient: 'detached' });
    const { value, derivative } = mapOf([0], { similarityMap: map });
    expectClose(value, [-0.75]);
    expect(derivative).toBeNull();
  });

  it('stay finite where a margin leads below −1', () => {
    tf.tidy(() => {
      // Whole exponents continue: 2(−0.1)³ − 1. Others stop at −1.
      const whole = applyPower(tf.tensor1d([-1.2]), powerMap({ exponent: 3 }));
      expectClose(read(whole.value), [-1.002]);
      expectClose(read(whole.derivative), [0.03]);
      const broken = applyPower(tf.tensor1d([-1.2, 0]), powerMap({ exponent: 1.5 }));
      expectClose(read(broken.value), [-1, 2 * 0.5 ** 1.5 - 1]);
      expectClose(read(broken.derivative), [0, 1.5 * Math.SQRT1_2]);
      const none = applyPower(tf.tensor1d([-1.2, 0.3]), powerMap({ exponent: 1 }));
      expectClose(read(none.value), [-1.2, 0.3]);
      expectClose(read(none.derivative), [1, 1]);
    });
  });

  it('ignore negatives above a limit, which itself still counts', () => {
    const map = negativeLimitMap(0.5);
    expect(mapOf([-1, 0.25, 0.5, 0.75], { similarityMap: map })).toEqual({
      value: [-1, 0.25, 0.5, 0],
      derivative: [1, 1, 1, 0],
    });
  });

  it('stress hard negatives, those strictly above the positive similarity', () => {
    const map = hardNegativesMap({ square: 1, factor: 0.5, offset: 0.25 });
    const { value, derivative } = mapOf([0.25, 0.5, 0.75], { similarityMap: map }, { threshold: 0.5 });
    // c² + 0.5 c + 0.25 = 0.5625 + 0.375 + 0.25; 2c + 0.5
    expectClose(value, [0.25, 0.5, 1.1875]);
    expectClose(derivative, [1, 1, 2]);
    const given = mapOf([0.75], { similarityMap: map }, { threshold: 0.5, factor: 0.1 });
    expectClose(given.value, [0.5625 + 0.075 + 0.25]);
    expectClose(given.derivative, [1.6]);
    expect(mapOf([0.75], { similarityMap: map })).toEqual({ value: [0.75], derivative: null });
  });

  it('clip cosines, without a gradient outside', () => {
    expect(mapOf([-0.75, -0.5, 0.25, 0.75], { cosineLimit: 0.5 })).toEqual({
      value: [-0.5, -0.5, 0.25, 0.5],
      derivative: [0, 1, 1, 0],
    });
  });

  it('add margins: cos(θ − 0.5) + 0.1', () => {
    const { value, derivative } = mapOf([0, 0.6], {
      negativeMargin: negativeMargin({ angle: 0.5, cosine: 0.1 }),
    });
    const [cosine, sine] = [Math.cos(0.5), Math.sin(0.5)];
    // d/dc (c cos m + √(1 − c²) sin m) = cos m − c / √(1 − c²) sin m
    expectClose(value, [sine + 0.1, 0.6 * cosine + 0.8 * sine + 0.1]);
    expectClose(derivative, [cosine, cosine - 0.75 * sine]);
  });

  it('have a finite gradient at ±1 with a margin of the angle', () => {
    const { value, derivative } = mapOf([-1, 1], { negativeMargin: negativeMargin({ angle: 0.5 }) });
    expect([...value!, ...derivative!].every(Number.isFinite)).toBe(true);
  });

  it('apply limit, angle, power and cosine in this order', () => {
    const { value, derivative } = mapOf([0.9, 0], {
      cosineLimit: 0.6,
      negativeMargin: negativeMargin({ angle: 0.5, cosine: 0.1 }),
      similarityMap: powerMap({ exponent: 2 }),
    });
    const turned = [0.6 * Math.cos(0.5) + 0.8 * Math.sin(0.5), Math.sin(0.5)];
    expectClose(
      value,
      turned.map((cosine) => 2 * ((cosine + 1) / 2) ** 2 - 1 + 0.1),
    );
    expectClose(derivative, [0, Math.cos(0.5) * (turned[1]! + 1)]);
  });
});

describe('checkSimilarityMap', () => {
  const refused: [object, RegExp][] = [
    [{ kind: 'cube' }, /powerMap, hardNegativesMap or negativeLimitMap.*"cube"/],
    [{ kind: 'power', exponent: 3 }, /powerMap, hardNegativesMap or negativeLimitMap.*"power"/],
    [powerMap({ exponent: 0.9 }), /exponent.*from 1.*0\.9/],
    [powerMap({ exponent: Number.NaN }), /exponent.*NaN/],
    [powerMap({ exponent: 3, gradient: 'none' as 'exact' }), /'exact', 'detached'.*'none'/],
    [negativeLimitMap(undefined as never), /limit of negatives.*undefined/],
    [negativeLimitMap(Number.POSITIVE_INFINITY), /limit of negatives.*Infinity/],
    [hardNegativesMap({ square: Number.NaN }), /square.*NaN/],
    [hardNegativesMap({ factor: Number.NaN }), /factor.*NaN/],
    [hardNegativesMap({ offset: Number.POSITIVE_INFINITY }), /offset.*Infinity/],
  ];
  it.each(refused)('refuses %j', (map, message) => {
    const check = () => checkSimilarityMap(map as SimilarityMap, []);
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(message);
  });

  it('accepts maps in range', () => {
    for (const map of [
      powerMap({ exponent: 1, gradient: 'detached' }),
      hardNegativesMap(),
      hardNegativesMap({ square: 1, factor: -0.2, offset: 0 }),
      negativeLimitMap(0),
    ] as const)
      expect(() => checkSimilarityMap(map, [])).not.toThrow();
  });
});
