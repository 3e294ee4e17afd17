import { BackendWasm, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { getKernel } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { capture } from './stock-kernels.ts';

const find = (name: string) => getKernel(name, 'wasm');

describe('capture', () => {
  it('accepts the installed version', () => {
    expect(capture(version_wasm, BackendWasm.prototype, find).has('Conv2D')).toBe(true);
  });

  it('names the version found and the one to install', () => {
    expect(() => capture('5.1.0', BackendWasm.prototype, find)).toThrow(/found 5\.1\.0.*npm install/);
    expect(() => capture('4.220.0', BackendWasm.prototype, find)).toThrow(/found 4\.220\.0/);
  });

  it('names missing methods', () => {
    expect(() => capture(version_wasm, { makeOutput() {} }, find)).toThrow(/typedArrayFromHeap, disposeData/);
  });

  it('names missing kernels and what to check', () => {
    const none = () => undefined;
    const withoutConvolution = (name: string) => (name === 'Conv2D' ? undefined : find(name));
    expect(() => capture(version_wasm, BackendWasm.prototype, none)).toThrow(/Transpose.*npm ls/);
    expect(() => capture(version_wasm, BackendWasm.prototype, withoutConvolution)).toThrow(
      /'wasm': Conv2D\. /,
    );
  });
});
