import { PlainProducts, type RowProducts } from './row-products.ts';
import { WasmProducts } from './wasm-products.ts';

/** Returns products with WebAssembly SIMD, or in plain JavaScript where the engine or the page does not allow it. Both compute the same. */
export function createRowProducts(size: number): RowProducts {
  try {
    return new WasmProducts(size);
  } catch {
    return new PlainProducts(size);
  }
}
