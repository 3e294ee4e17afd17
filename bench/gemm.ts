import { dispose } from '@tensorflow/tfjs-core';
import { type Comparison, compare } from './measure.ts';
import { openset, sample, startWasm, stock } from './wasm-kernel.ts';

/** Matrix products, plain and with a transposed operand, as every gradient has one. */
export async function gemm(): Promise<Comparison[]> {
  await startWasm();
  const rows: Comparison[] = [];
  for (const size of [256, 512, 1024]) {
    for (const [transposeA, transposeB] of [
      [false, false],
      [false, true],
      [true, false],
    ]) {
      const inputs = { a: sample([1, size, size]), b: sample([1, size, size]) };
      const attributes = { transposeA, transposeB };
      const name = `${size}³ ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
      const run = [
        name,
        openset('BatchMatMul', inputs, attributes),
        stock('BatchMatMul', inputs, attributes),
      ] as const;
      rows.push(compare(...run));
      dispose(inputs);
    }
  }
  return rows;
}
