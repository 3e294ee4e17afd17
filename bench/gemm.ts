import { dispose } from '@tensorflow/tfjs-core';
import type { Comparison } from './measure.ts';
import { type BenchmarkOptions, sideBySide } from './side-by-side.ts';
import { openset, sample, startWasm, stock } from './wasm-kernel.ts';

/** Measures matrix products, plain and with a transposed operand, which every gradient of a product has. */
export async function gemm(options: BenchmarkOptions): Promise<Comparison[]> {
  await startWasm(options.threads);
  const rows: Comparison[] = [];
  for (const size of options.size ? [options.size] : [256, 512, 1024]) {
    for (const [transposeA, transposeB] of [
      [false, false],
      [false, true],
      [true, false],
    ] as const) {
      const inputs = { a: sample([1, size, size]), b: sample([1, size, size]) };
      const attributes = { transposeA, transposeB };
      const name = `${size}³ ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
      const sides = {
        openset: openset('BatchMatMul', inputs, attributes),
        stock: stock('BatchMatMul', inputs, attributes) ?? 'missing',
        pytorch: { name: 'matmul', options: { size, transposeA, transposeB } },
      } as const;
      rows.push(await sideBySide(name, sides, options));
      dispose(inputs);
    }
  }
  return rows;
}
