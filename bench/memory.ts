import { readFileSync, writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';

interface Heap {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** By how many megabytes the memory that tensors and kernels hold on the wasm heap rises above what it was before. */
export function extraHeap(work: () => void): number {
  const { wasm } = tf.backend() as unknown as { wasm: Heap };
  const { _malloc, _free } = wasm;
  const sizes = new Map<number, number>();
  let [held, most] = [0, 0];
  wasm._malloc = (bytes) => {
    const address = _malloc(bytes);
    // Beyond 2 GB some callers have it negative.
    sizes.set(address >>> 0, bytes);
    held += bytes;
    most = Math.max(most, held);
    return address;
  };
  wasm._free = (address) => {
    // What was there before counts for nothing.
    held -= sizes.get(address >>> 0) ?? 0;
    sizes.delete(address >>> 0);
    _free(address);
  };
  try {
    work();
    return most / 2 ** 20;
  } finally {
    Object.assign(wasm, { _malloc, _free });
  }
}

/** By how many megabytes the resident memory of the process rises above what it was before; undefined off Linux. */
export function extraResident(work: () => void): number | undefined {
  try {
    // Sets the peak back.
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    return undefined;
  }
  const before = statusMegabytes('VmRSS');
  work();
  return statusMegabytes('VmHWM') - before;
}

function statusMegabytes(field: string): number {
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(
    readFileSync('/proc/self/status', 'utf8'),
  )!;
  return Number(kilobytes) / 1024;
}
