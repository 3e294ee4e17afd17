import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Compiles the wasm kernels before the tests if their sources have changed, as after a `git pull`. */
export default function compileKernels(): void {
  const script = fileURLToPath(new URL('../packages/wasm-kernels/build-kernels.mjs', import.meta.url));
  execFileSync(process.execPath, [script, '--if-stale'], { stdio: 'inherit' });
}
