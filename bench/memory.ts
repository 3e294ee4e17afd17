import { readFileSync, writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';

interface Heap {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** Returns the peak growth in megabytes of the memory that tensors and kernels hold on the wasm heap during the work. */
export function extraHeap(work: () => void): number {
  const { wasm } = tf.backend() as unknown as { wasm: Heap };
  const { _malloc, _free } = wasm;
  const sizes = new Map<number, number>();
  let [held, most] = [0, 0];
  wasm._malloc = (bytes) => {
    const address = _malloc(bytes);
    // Beyond 2 GB some callers pass the address as a negative number.
    sizes.set(address >>> 0, bytes);
    held += bytes;
    most = Math.max(most, held);
    return address;
  };
  wasm._free = (address) => {
    // Memory that was allocated before the work does not count.
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

/** Returns the peak growth in megabytes of the process's resident memory during the work; undefined except on Linux. */
export function extraResident(work: () => void): number | undefined {
  try {
    // Resets the peak.
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
