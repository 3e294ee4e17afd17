// Adds up the parts of a result in float64.

import { at, highDoubles, lowDoubles, singles } from './lanes';
import { address, integer } from './parameters';

const chunkElements: i32 = 1 << 14;

/** Adds up some elements of all parts. Words: address of the first part, parts, elements of a part, target. */
export function sumPartsChunk(p: usize, chunk: i32): void {
  const parts = integer(p, 1);
  const length = integer(p, 2);
  const end = min((chunk + 1) * chunkElements, length);
  let i = chunk * chunkElements;
  for (; i + 4 <= end; i += 4) {
    let low = f64x2.splat(0);
    let high = low;
    let source = address(p, 0) + at(i);
    for (let part = 0; part < parts; part++) {
      const values = v128.load(source);
      low = f64x2.add(low, lowDoubles(values));
      high = f64x2.add(high, highDoubles(values));
      source += at(length);
    }
    v128.store(address(p, 3) + at(i), singles(low, high));
  }
  for (; i < end; i++) {
    let sum: f64 = 0;
    for (let part = 0; part < parts; part++) sum += <f64>load<f32>(address(p, 0) + at(part * length + i));
    store<f32>(address(p, 3) + at(i), <f32>sum);
  }
}
