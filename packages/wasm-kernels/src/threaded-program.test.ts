import { runInNewContext } from 'node:vm';
import program from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js';
import { describe, expect, it } from 'vitest';
import { repairThreadedProgram, selfContained } from './threaded-program.ts';

describe('selfContained', () => {
  /** Calls the function of a text where nothing but the language and `given` exists. */
  const call = (text: string, ...parameters: readonly unknown[]) =>
    runInNewContext(`(${selfContained(text)})`, { given: 7 })(...parameters);

  it('makes variables of other places undefined', () => {
    const missing = 'function (count) { missing && (count = 0); return [count, typeof missing]; }';
    expect(() => runInNewContext(`(${missing})(3)`)).toThrow('missing is not defined');
    expect([...call(missing, 3)]).toEqual([3, 'undefined']);
  });

  it('leaves everything else as it is', () => {
    expect(call('(first, second) => Math.max(first, second) + given', 2, 5)).toBe(12);
    expect(call('function () { var local = 4; return (() => local + this.own)(); }.bind({ own: 1 })')).toBe(
      5,
    );
    expect(call('function () { given = 8; return [given, globalThis.given].join(); }')).toBe('8,8');
    expect(() => call('function () { missing.property; }')).toThrow('Cannot read properties of undefined');
  });
});

it('the program of the backend has a text that runs by itself, however often it is repaired', () => {
  repairThreadedProgram();
  const text = program.toString();
  repairThreadedProgram();
  expect(program.toString()).toBe(text);
  expect(typeof runInNewContext(text, {})).toBe('function');
  expect(text).toContain(Function.prototype.toString.call(program));
});
