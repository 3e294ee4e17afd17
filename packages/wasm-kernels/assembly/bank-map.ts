// Changes of the similarities of a block: which center of a class scores, and the map of negatives with its derivative.
import {
  angleCosineFloat,
  angleSineFloat,
  batchWord,
  centersWord,
  cosineLimitFloat,
  detachedWord,
  exponentWord,
  factorFloat,
  hardNegativesMap,
  hardThresholdsWord,
  inverseWord,
  mapWord,
  negativeCosineFloat,
  negativeLimitFloat,
  negativeLimitMap,
  offsetFloat,
  powerMap,
  squareFloat,
  strideWord,
} from '../src/bank-loss-words';
import { at, multiplyAdd } from './lanes';
import { roundUp } from './panel-products';
import { address, float, integer } from './parameters';

/** Largest magnitude of a cosine whose angle is taken, as in margins.ts of core. */
const largestCosine: f32 = 1 - 1e-7;

/** Sets the dot products of all centers but the most similar one of each class to −∞; of equal ones the first stays. */
export function keepBestCenters(p: usize, first: i32, count: i32, dots: usize): void {
  const centers = integer(p, centersWord);
  const vectors = at(roundUp(integer(p, batchWord), 4));
  const stride = at(integer(p, strideWord));
  const inverse = address(p, inverseWord) + at(first);
  const none = f32x4.splat(-Infinity);
  for (let start = 0; start < count; start += centers) {
    for (let o: usize = 0; o < vectors; o += 16) {
      let best = none;
      for (let row = start; row < start + centers; row++) {
        const dot = v128.load(dots + <usize>row * stride + o);
        best = f32x4.pmax(best, f32x4.mul(v128.load32_splat(inverse + at(row)), dot));
      }
      let found = i32x4.splat(0);
      for (let row = start; row < start + centers; row++) {
        const place = dots + <usize>row * stride + o;
        const dot = v128.load(place);
        const isBest = f32x4.eq(f32x4.mul(v128.load32_splat(inverse + at(row)), dot), best);
        v128.store(place, v128.bitselect(dot, none, v128.andnot(isBest, found)));
        found = v128.or(found, isBest);
      }
    }
  }
}

/**
 * Stores the changed similarities of a block's dot products, and the derivatives. −∞ stays, with derivative 0. `values` may be
 * `dots`.
 */
export function mapSimilarities(
  p: usize,
  first: i32,
  count: i32,
  dots: usize,
  values: usize,
  derivatives: usize,
): void {
  const vectors = at(roundUp(integer(p, batchWord), 4));
  const stride = at(integer(p, strideWord));
  const inverse = address(p, inverseWord) + at(first);
  for (let row = 0; row < count; row++) {
    const line = dots + <usize>row * stride;
    const mapped = values + <usize>row * stride;
    const slopes = derivatives + <usize>row * stride;
    const factor = load<f32>(inverse + at(row));
    if (factor == 0) {
      memory.fill(mapped, 0, vectors);
      memory.fill(slopes, 0, vectors);
    } else mapLine(p, line, mapped, slopes, f32x4.splat(factor), vectors);
  }
}

function mapLine(p: usize, line: usize, mapped: usize, slopes: usize, inverse: v128, vectors: usize): void {
  const one = f32x4.splat(1);
  const none = f32x4.splat(-Infinity);
  const limit = f32x4.splat(float(p, cosineLimitFloat));
  const lowest = f32x4.neg(limit);
  const angleSine = float(p, angleSineFloat);
  const cosine = f32x4.splat(float(p, negativeCosineFloat));
  const kind = integer(p, mapWord);
  const thresholds = address(p, hardThresholdsWord);
  for (let o: usize = 0; o < vectors; o += 16) {
    const dot = v128.load(line + o);
    const plain = f32x4.mul(inverse, dot);
    let value = f32x4.pmin(f32x4.pmax(plain, lowest), limit);
    let slope = v128.and(one, f32x4.eq(value, plain));
    if (angleSine != 0) {
      const bounded = f32x4.pmin(f32x4.pmax(value, f32x4.splat(-largestCosine)), f32x4.splat(largestCosine));
      const sine = f32x4.sqrt(f32x4.mul(f32x4.sub(one, bounded), f32x4.add(one, bounded)));
      const turned = f32x4.div(f32x4.mul(bounded, f32x4.splat(angleSine)), sine);
      slope = v128.and(
        f32x4.mul(slope, f32x4.sub(f32x4.splat(float(p, angleCosineFloat)), turned)),
        f32x4.eq(bounded, value),
      );
      value = multiplyAdd(
        bounded,
        f32x4.splat(float(p, angleCosineFloat)),
        f32x4.mul(sine, f32x4.splat(angleSine)),
      );
    }
    if (kind == powerMap) {
      const half = f32x4.mul(f32x4.add(value, one), f32x4.splat(0.5));
      const exponent = integer(p, exponentWord);
      let power = one;
      for (let factor = 1; factor < exponent; factor++) power = f32x4.mul(power, half);
      value = f32x4.sub(f32x4.mul(f32x4.mul(power, half), f32x4.splat(2)), one);
      slope = integer(p, detachedWord) ? one : f32x4.mul(slope, f32x4.mul(power, f32x4.splat(<f32>exponent)));
    } else if (kind == hardNegativesMap) {
      const isHard = f32x4.gt(value, v128.load(thresholds + o));
      const square = f32x4.splat(float(p, squareFloat));
      const factor = f32x4.splat(float(p, factorFloat));
      const partial = multiplyAdd(square, value, factor);
      const harder = multiplyAdd(partial, value, f32x4.splat(float(p, offsetFloat)));
      slope = f32x4.mul(slope, v128.bitselect(multiplyAdd(square, value, partial), one, isHard));
      value = v128.bitselect(harder, value, isHard);
    } else if (kind == negativeLimitMap) {
      const isKept = f32x4.le(value, f32x4.splat(float(p, negativeLimitFloat)));
      value = v128.and(value, isKept);
      slope = v128.and(slope, isKept);
    }
    const isNone = f32x4.eq(dot, none);
    v128.store(mapped + o, v128.bitselect(none, f32x4.add(value, cosine), isNone));
    v128.store(slopes + o, v128.andnot(slope, isNone));
  }
}

/** Multiplies a block's `dL/dsimilarity` by the derivatives of the map. */
export function applyDerivatives(p: usize, count: i32, slopes: usize, derivatives: usize): void {
  const vectors = at(roundUp(integer(p, batchWord), 4));
  const stride = at(integer(p, strideWord));
  for (let row = 0; row < count; row++) {
    const line = slopes + <usize>row * stride;
    const factors = derivatives + <usize>row * stride;
    for (let o: usize = 0; o < vectors; o += 16) {
      v128.store(line + o, f32x4.mul(v128.load(line + o), v128.load(factors + o)));
    }
  }
}
