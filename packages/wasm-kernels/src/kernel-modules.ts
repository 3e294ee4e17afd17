import { relaxedBinary, simdBinary } from './generated/binary.ts';
import { nodeEngine } from './node-modules.ts';
import { withSharedMemory } from './shared-memory-flag.ts';

/** A version of the compiled kernels. */
export interface KernelVersion {
  /** Whether threads share the memory. An engine accepts a module only for the kind of memory that it declares. */
  readonly shared: boolean;
  /** Whether it uses fused multiply-add. */
  readonly relaxedSimd: boolean;
}

const compiled = new Map<string, WebAssembly.Module | null>();
const decoded = new Map<string, Uint8Array<ArrayBuffer>>();

/** Returns the kernels, compiled once for each version, or null if this engine does not support their instructions. */
export function kernelModule({ shared, relaxedSimd }: KernelVersion): WebAssembly.Module | null {
  const key = `${shared} ${relaxedSimd}`;
  let module = compiled.get(key);
  if (module === undefined) {
    const bytes = withSharedMemory(binary(relaxedSimd), shared);
    module = WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
    compiled.set(key, module);
  }
  return module;
}

/** Enables relaxed SIMD and returns whether this engine has it. Node 20 requires a flag. */
export function allowRelaxedSimd(): boolean {
  if (hasRelaxedSimd()) return true;
  nodeEngine()?.setFlagsFromString('--experimental-wasm-relaxed-simd');
  compiled.clear();
  return hasRelaxedSimd();
}

/** Whether this engine compiles relaxed SIMD without further flags. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(binary(true));
}

/** Returns the kernels as a binary for memory of one thread. */
function binary(relaxedSimd: boolean): Uint8Array<ArrayBuffer> {
  const text = relaxedSimd ? relaxedBinary : simdBinary;
  let bytes = decoded.get(text);
  if (bytes === undefined) {
    bytes = decode(text);
    decoded.set(text, bytes);
  }
  return bytes;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const characters = atob(base64);
  const bytes = new Uint8Array(characters.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = characters.charCodeAt(index);
  return bytes;
}
