// Adds up parts of a result that were computed one by one, in float64.
import { address, integer } from './parameters';
import { at, minimum } from './tile';

const chunkElements: i32 = 1 << 14;

/** Parameters: address, parts, elements of a part, target. */
export function sumPartsChunk(p: usize, chunk: i32): void {
  const parts = integer(p, 1);
  const length = integer(p, 2);
  const end = minimum((chunk + 1) * chunkElements, length);
  let i = chunk * chunkElements;
  for (; i + 4 <= end; i += 4) {
    let low = f64x2.splat(0);
    let high = low;
    let source = address(p, 0) + at(i);
    for (let part = 0; part < parts; part++) {
      const values = v128.load(source);
      low = f64x2.add(low, f64x2.promote_low_f32x4(values));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(values, values, 1, 0)));
      source += at(length);
    }
    const sum = v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
    v128.store(address(p, 3) + at(i), sum);
  }
  for (; i < end; i++) {
    let sum: f64 = 0;
    for (let part = 0; part < parts; part++) sum += <f64>load<f32>(address(p, 0) + at(part * length + i));
    store<f32>(address(p, 3) + at(i), <f32>sum);
  }
}
