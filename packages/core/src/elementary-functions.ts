import * as tf from '@tensorflow/tfjs-core';

// GPUs round sums, products, quotients and square roots as CPUs do. But their sines are wrong by up to 2e-4, their logarithms near 1
// by 1e-7, which is all of a small loss, and their powers by 2e-6. These functions use only what all backends compute well.

/** Returns sines and cosines of angles in radians, each within 1e-7. */
export function sineAndCosine<T extends tf.Tensor>(angle: T): { sine: T; cosine: T } {
  const quarterTurns = tf.round(tf.mul(angle, 2 / Math.PI));
  // π/2 in two parts: products of the first with small integers are exact.
  const rest = tf.sub(
    tf.sub(angle, tf.mul(quarterTurns, 1.5703125)),
    tf.mul(quarterTurns, 4.838267948966e-4),
  );
  const square = tf.square(rest);
  const sine = tf.mul(rest, nestedSeries(square, [6, 20, 42, 72]));
  const cosine = nestedSeries(square, [2, 12, 30, 56]);
  // How far the angle is around the circle, in quarters: 0, 0.25, 0.5 or 0.75.
  const turned = tf.sub(tf.mul(quarterTurns, 0.25), tf.floor(tf.mul(quarterTurns, 0.25)));
  const isExchanged = tf.equal(tf.abs(tf.sub(turned, 0.5)), 0.25);
  const isSineFlipped = tf.greaterEqual(turned, 0.5);
  const isCosineFlipped = tf.less(tf.abs(tf.sub(turned, 0.375)), 0.25);
  const flip = (value: tf.Tensor, isFlipped: tf.Tensor) => tf.where(isFlipped, tf.neg(value), value) as T;
  return {
    sine: flip(tf.where(isExchanged, cosine, sine), isSineFlipped),
    cosine: flip(tf.where(isExchanged, sine, cosine), isCosineFlipped),
  };
}

/** Returns `1 − x/d₀ (1 − x/d₁ (1 − …))`: the series of sine and cosine. */
function nestedSeries(x: tf.Tensor, divisors: readonly number[]): tf.Tensor {
  return divisors.reduceRight<tf.Tensor>(
    (inner, divisor) => tf.sub(1, tf.mul(tf.mul(x, 1 / divisor), inner)),
    tf.scalar(1),
  );
}

/** Returns angles in `[0, π]` from their sines and cosines, within 2e-7. */
export function angleOf<T extends tf.Tensor>(sine: T, cosine: T): T {
  const rough = tf.atan2(sine, cosine) as T;
  const near = sineAndCosine(rough);
  // The sine of the small angle that is missing, which equals that angle.
  return tf.add(rough, tf.sub(tf.mul(sine, near.cosine), tf.mul(cosine, near.sine)));
}

/** Returns `log(1 + e^x)` with a small relative error, also where it is tiny. */
export function softplus<T extends tf.Tensor>(x: T): T {
  return tf.add(tf.relu(x), softplusTail(x)) as T;
}

/** Returns `log(1 + e^(−|x|))`, by which `softplus` exceeds `max(x, 0)`. */
export function softplusTail<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() => {
    const small = tf.exp(tf.neg(tf.abs(x)));
    // log(1 + u) = 2 artanh(u / (2 + u)); the polynomial is that of artanh(w) / w in w² up to 1/9, within 2e-8.
    const ratio = tf.div(small, tf.add(small, 2));
    const square = tf.square(ratio);
    const polynomial = [0.14116978, 0.20003835, 0.3333332, 1].reduce<tf.Tensor>(
      (sum, coefficient) => tf.add(tf.mul(sum, square), coefficient),
      tf.scalar(0.13433775),
    );
    return tf.mul(tf.mul(ratio, 2), polynomial) as T;
  });
}

/**
 * Returns `base ** exponent`.
 * @param base at least 0 unless the exponent is a whole number
 * @param exponent at least 0
 */
export function power<T extends tf.Tensor>(base: T, exponent: number): T {
  return tf.tidy(() => {
    const factors: tf.Tensor[] = [];
    let square: tf.Tensor = base;
    for (let rest = Math.floor(exponent); rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) factors.push(square);
      if (rest > 1) square = tf.square(square);
    }
    let fraction = exponent - Math.floor(exponent);
    let root: tf.Tensor = base;
    for (let digit = 1; digit <= 4 && fraction > 0; digit++) {
      root = tf.sqrt(root);
      if (fraction >= 2 ** -digit) {
        factors.push(root);
        fraction -= 2 ** -digit;
      }
    }
    if (fraction > 0) factors.push(smallPower(base, fraction));
    return factors.reduce((product, factor) => tf.mul(product, factor), tf.onesLike(base)) as T;
  });
}

/** Returns `base ** exponent` for exponents below 1/16: the series of `e^y`, except where y is far from 0. */
function smallPower(base: tf.Tensor, exponent: number): tf.Tensor {
  const y = tf.mul(tf.log(base), exponent);
  const series = [6, 5, 4, 3, 2, 1].reduce<tf.Tensor>(
    (inner, divisor) => tf.add(1, tf.mul(tf.mul(y, 1 / divisor), inner)),
    tf.scalar(1),
  );
  return tf.where(tf.greater(base, 0.01), series, tf.pow(base, exponent));
}
