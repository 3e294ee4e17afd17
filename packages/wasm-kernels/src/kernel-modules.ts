import { relaxedBinary, simdBinary } from './generated/binary.ts';
import { nodeEngine } from './node-modules.ts';
import { withSharedMemory } from './shared-memory-flag.ts';

/** Which version of the compiled kernels. */
export interface KernelVersion {
  /** For memory that threads share, or for memory of one thread: an engine takes a module only for its kind. */
  readonly shared: boolean;
  /** With fused multiply-add. */
  readonly relaxedSimd: boolean;
}

const compiled = new Map<string, WebAssembly.Module | null>();

/** The kernels, compiled once for each version; null where this engine does not know their instructions. */
export function kernelModule({ shared, relaxedSimd }: KernelVersion): WebAssembly.Module | null {
  const key = `${shared} ${relaxedSimd}`;
  let module = compiled.get(key);
  if (module === undefined) {
    const bytes = withSharedMemory(decode(relaxedSimd ? relaxedBinary : simdBinary), shared);
    module = WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
    compiled.set(key, module);
  }
  return module;
}

/** Whether this engine has relaxed SIMD, or has it now: Node 20 knows it, but wants to be told before it compiles. */
export function allowRelaxedSimd(): boolean {
  if (hasRelaxedSimd()) return true;
  nodeEngine()?.setFlagsFromString('--experimental-wasm-relaxed-simd');
  compiled.clear();
  return hasRelaxedSimd();
}

/** Whether this engine compiles relaxed SIMD as it is. */
export function hasRelaxedSimd(): boolean {
  return kernelModule({ shared: false, relaxedSimd: true }) !== null;
}

function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
