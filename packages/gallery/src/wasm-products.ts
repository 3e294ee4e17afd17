import { productsAtOnce, type RowProducts } from './row-products.ts';
import { productsBinary } from './row-products-binary.ts';

const pageBytes = 65_536;
/** A memory never has more pages. */
const largestPages = 65_536;
/** The module reads so many values at once. */
const lanes = 16;

/** The exports of the module. */
interface ProductsExports {
  multiplyRows(rows: number, stride: number, count: number, probe: number, products: number): void;
}

/**
 * Products with WebAssembly SIMD, in a memory of their own.
 * @throws whatever the engine throws if it has no SIMD, or may not compile
 */
export class WasmProducts implements RowProducts {
  readonly #size: number;
  /** Bytes from a row to the next. Those after the values stay zero. */
  readonly #stride: number;
  readonly #memory: WebAssembly.Memory;
  readonly #exports: ProductsExports;
  /** Places in memory: the probe is at 0. */
  readonly #productsAt: number;
  readonly #rowsAt: number;

  constructor(size: number) {
    this.#size = size;
    this.#stride = lanes * Math.ceil(size / lanes);
    this.#productsAt = 2 * this.#stride;
    this.#rowsAt = this.#productsAt + 4 * productsAtOnce;
    const binary = Uint8Array.from(atob(productsBinary), (character) => character.charCodeAt(0));
    const module = new WebAssembly.Module(binary);
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(this.#rowsAt / pageBytes) });
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#exports = instance.exports as unknown as ProductsExports;
  }

  reserve(rows: number): void {
    const missing = this.#rowsAt + rows * this.#stride - this.#memory.buffer.byteLength;
    if (missing <= 0) return;
    // A larger number would be a TypeError.
    this.#memory.grow(Math.min(largestPages, Math.ceil(missing / pageBytes)));
  }

  write(row: number, values: Int8Array | null): void {
    const place = new Int8Array(this.#memory.buffer, this.#rowsAt + row * this.#stride, this.#size);
    if (values) place.set(values);
    else place.fill(0);
  }

  setProbe(probe: Int16Array): void {
    new Int16Array(this.#memory.buffer, 0, this.#size).set(probe);
  }

  multiply(first: number, count: number): Int32Array {
    const rows = this.#rowsAt + first * this.#stride;
    this.#exports.multiplyRows(rows, this.#stride, count, 0, this.#productsAt);
    return new Int32Array(this.#memory.buffer, this.#productsAt, count);
  }
}
