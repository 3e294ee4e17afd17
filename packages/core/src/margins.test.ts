import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { relativeError } from '@openset/testkit';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { marginOf } from './__fixtures__/reference.ts';
import { adaptiveMargin } from './adaptive-margin.ts';
import { type AngularMargin, angularMargin } from './angular-margin.ts';
import { cosineMargin } from './cosine-margin.ts';
import { ConfigError } from './errors.ts';
import { applyMargins, checkMargins, type Margin } from './margins.ts';

function apply(cosines: number[], margins: Margin[]): { value: number[]; derivative: number[] } {
  return tf.tidy(() => {
    const { value, derivative } = applyMargins(tf.tensor1d(cosines), margins);
    return { value: [...value.dataSync()], derivative: [...derivative.dataSync()] };
  });
}

const angular = (margin: number, rest: Partial<AngularMargin> = {}): Margin =>
  angularMargin({ margin, ...rest });

/** Cosines away from the kinks of the branches below. */
const cosines = [-0.99, -0.8, -0.4, -0.1, 0.05, 0.3, 0.7, 0.95];

const chains: Record<string, Margin[]> = {
  'no margin': [],
  cosine: [cosineMargin(0.4)],
  adaptive: [adaptiveMargin(0.7)],
  angular: [angular(0.5)],
  'angular, detached': [angular(0.5, { gradient: 'detached' })],
  'angular, easy': [angular(0.5, { branch: 'easy' })],
  'angular, linear': [angular(0.5, { branch: 'linear' })],
  'angular, linear, detached': [angular(0.5, { branch: 'linear', gradient: 'detached' })],
  'angular, continuous': [angular(0.5, { branch: 'continuous' })],
  'angular, clamped': [angular(0.5, { branch: 'clamp', angleLimit: 0.1 })],
  'angle factor, clamped': [angular(0.2, { factor: 1.5, branch: 'clamp' })],
  'angle factor': [angular(0, { factor: 1.35 })],
  'angle factor and margin, linear': [angular(0.2, { factor: 1.35, branch: 'linear' })],
  'angle factor, easy, detached': [angular(0.2, { factor: 2, branch: 'easy', gradient: 'detached' })],
  'angular then cosine': [angular(0.3), cosineMargin(0.2)],
  'adaptive then angular': [adaptiveMargin(0.7), angular(0.4)],
  'cosine then angular': [cosineMargin(0.005), angular(0.4)],
  'angular then angular': [angular(0.3), angular(0.2)],
  'cosine then adaptive': [cosineMargin(0.4), adaptiveMargin(0.5)],
};

describeOnBackends('applyMargins', () => {
  it('has the values of the papers', () => {
    // CosFace: .8 − .4; EPL with k = .7: (1 − .7) · .8; ArcFace: cos(60° + .5) with cos 60° = .5
    expect(apply([0.8], chains.cosine!).value[0]).toBeCloseTo(0.4, 6);
    expect(apply([0.8], chains.adaptive!).value[0]).toBeCloseTo(0.24, 6);
    expect(apply([0.5], chains.angular!).value[0]).toBeCloseTo(Math.cos(Math.PI / 3 + 0.5), 6);
    // In this order: .3 · .8 = .24, then − .4. In reverse order: .3 · (.8 − .4) = .12
    const [adaptive, cosine] = [chains.adaptive![0]!, chains.cosine![0]!];
    expect(apply([0.8], [adaptive, cosine]).value[0]).toBeCloseTo(-0.16, 6);
    expect(apply([0.8], [cosine, adaptive]).value[0]).toBeCloseTo(0.12, 6);
  });

  it('has the derivatives of the papers', () => {
    // The subtrahends of CosFace and EPL have no gradient.
    expect(apply([0.8], chains.cosine!).derivative).toEqual([1]);
    expect(apply([0.8], chains.adaptive!).derivative).toEqual([1]);
    expect(apply([0.8], chains['angular, detached']!).derivative).toEqual([1]);
    // d cos(θ + m) / d cos θ = sin(θ + m) / sin θ, at θ = 60°
    const exact = Math.sin(Math.PI / 3 + 0.5) / Math.sin(Math.PI / 3);
    expect(apply([0.5], chains.angular!).derivative[0]).toBeCloseTo(exact, 5);
  });

  it.each(Object.entries(chains))('agrees with the formula: %s', (_, margins) => {
    const { value, derivative } = apply(cosines, margins);
    const expected = cosines.map((cosine) => marginOf(margins, cosine, cosine));
    const slopes = cosines.map((cosine) => {
      const at = (live: number) => marginOf(margins, live, cosine);
      return (at(cosine + 1e-6) - at(cosine - 1e-6)) / 2e-6;
    });
    expect(relativeError(value, expected)).toBeLessThan(1e-6);
    expect(relativeError(derivative, slopes)).toBeLessThan(1e-5);
  });

  it('applies each branch in its range', () => {
    const m = 0.5;
    // easy: the margin only above 0. linear: the margin only while θ + m < π, that is c > cos(π − m) = −.8776.
    expect(apply([-0.1, 0.1], chains['angular, easy']!).value).toEqual([
      Math.fround(-0.1),
      expect.closeTo(Math.cos(Math.acos(0.1) + m), 6),
    ]);
    const linear = apply([-0.88, -0.87], chains['angular, linear']!);
    expect(linear.value).toEqual([
      expect.closeTo(-0.88 - m * Math.sin(m), 6),
      expect.closeTo(Math.cos(Math.acos(-0.87) + m), 6),
    ]);
    expect(linear.derivative[0]).toBe(1);
    expect(linear.derivative[1]).not.toBe(1);
  });

  it('decreases without a jump at the end of the range of an angle factor', () => {
    // SphereFace with m = 4: cos 4θ reaches −1 at θ = 45°. A line of slope 1 continues to −1 − (cos 45° − cos 90°).
    const angles = Array.from({ length: 1000 }, (_, index) => (index * Math.PI) / 1000);
    const margins = [angular(0, { factor: 4, branch: 'linear' })];
    const { value } = apply(angles.map(Math.cos), margins);
    for (let index = 1; index < value.length; index++) {
      expect(value[index]!).toBeLessThanOrEqual(value[index - 1]! + 1e-6);
      expect(value[index]!).toBeGreaterThan(value[index - 1]! - 0.02);
    }
    expect(value[250]).toBeCloseTo(-1, 5);
    expect(value[500]).toBeCloseTo(-1 - Math.SQRT1_2, 5);
  });

  it.each(Object.entries(chains))('is finite at ±1 and slightly beyond: %s', (_, margins) => {
    const edges = [-1 - 1e-6, -1, -1 + 1e-7, 0, 1 - 1e-7, 1, 1 + 1e-6];
    const { value, derivative } = apply(edges, margins);
    expect([...value, ...derivative].every(Number.isFinite)).toBe(true);
    expect(value.every((entry) => Math.abs(entry) < 2)).toBe(true);
  });

  it('has derivative 0 where an earlier margin left the range of a cosine', () => {
    // −.9 − .4 = −1.3 is clipped to −1 for every similarity near −.9.
    const { value, derivative } = apply([-0.9], [cosineMargin(0.4), angular(0.5)]);
    expect(value[0]).toBeCloseTo(Math.cos(Math.PI + 0.5), 3);
    expect(derivative[0]).toBe(0);
  });
});

describe('checkMargins', () => {
  it('accepts margins in their ranges', () => {
    for (const margins of Object.values(chains)) checkMargins(margins, 'cosine');
    checkMargins([cosineMargin(3)], 'dot');
  });

  it.each<[string, Margin, RegExp]>([
    ['negative', cosineMargin(-0.1), /margin \(m\) .* from 0, but is -0.1/],
    ['NaN', cosineMargin(Number.NaN), /but is NaN/],
    ['coefficient above 1', adaptiveMargin(1.1), /\(k\) .* up to 1, but is 1.1/],
    ['angle above π', angular(4), /angular margin \(m\).* but is 4/],
    ['negative angle', angular(-0.1), /but is -0.1/],
    ['factor below 1', angular(0.1, { factor: 0.5 }), /factor .* from 1, but is 0.5/],
    ['gradient', angular(0.1, { gradient: 'none' as 'exact' }), /'exact', 'detached', but is 'none'/],
    ['branch', angular(0.1, { branch: 'hard' as 'easy' }), /'linear', 'continuous', 'clamp', but is 'hard'/],
    ['kind', { kind: 'sphere' } as unknown as Margin, /made by cosineMargin, .*"sphere"/],
    ['plain data', { kind: 'cosine', margin: 0.1 } as unknown as Margin, /made by cosineMargin, .*"cosine"/],
  ])('refuses a bad margin: %s', (_, margin, message) => {
    const check = () => checkMargins([margin], 'cosine');
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(message);
  });

  it('refuses an angular margin for raw products', () => {
    expect(() => checkMargins([angular(0.5)], 'dot')).toThrow(/similarity 'cosine'/);
  });
});
