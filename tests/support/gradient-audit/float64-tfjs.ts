import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createContext, runInContext } from 'node:vm';
import type { Tfjs } from './gradient-case.ts';

/**
 * Returns a copy of tfjs-core with its cpu backend that computes in float64. The kernels of the cpu backend are JavaScript,
 * which computes in float64 and rounds only when it stores into a `Float32Array`; in the copy, this name means `Float64Array`.
 */
export function loadFloat64Tfjs(): Tfjs {
  const { resolve } = createRequire(import.meta.url);
  const context = createContext({ console, performance });
  runInContext('globalThis.self = globalThis; globalThis.Float32Array = Float64Array;', context);
  for (const bundle of [
    '@tensorflow/tfjs-core/dist/tf-core.min.js',
    '@tensorflow/tfjs-backend-cpu/dist/tf-backend-cpu.min.js',
  ]) {
    const filename = resolve(bundle);
    runInContext(readFileSync(filename, 'utf8'), context, { filename });
  }
  const { tf } = context as unknown as { tf: Tfjs };
  const platform = { isTypedArray: ArrayBuffer.isView };
  tf.env().setPlatform(
    'float64',
    platform as unknown as Parameters<ReturnType<Tfjs['env']>['setPlatform']>[1],
  );
  tf.enableProdMode();
  tf.setBackend('cpu');
  return tf;
}
