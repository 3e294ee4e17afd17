import type { BlockProduct } from './block-product.ts';

/**
 * Returns a product that computes each pair of blocks once and keeps it, for several passes of `scanPairs` over the same
 * rows. Blocks are told apart by their places in the arrays, so use it for one scan only.
 */
export function rememberProducts(multiply: BlockProduct): BlockProduct {
  const products = new Map<string, Float32Array>();
  return (a, b, rowsA, rowsB, size) => {
    const key = `${a.byteOffset},${b.byteOffset}`;
    const known = products.get(key);
    if (known) return known;
    const product = multiply(a, b, rowsA, rowsB, size).slice();
    products.set(key, product);
    return product;
  };
}
