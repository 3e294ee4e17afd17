import { ConfigError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { isOnnxRuntimeInstalled, resolveEngine } from './engine-choice.ts';

describe('resolveEngine', () => {
  it.each([
    [{}, { backend: undefined, onnxruntime: 'auto' }],
    [{ backend: 'cpu' }, { backend: 'cpu', onnxruntime: false }],
    [{ engine: 'wasm' }, { backend: 'wasm', onnxruntime: false }],
    [
      { engine: 'wasm', backend: 'wasm' },
      { backend: 'wasm', onnxruntime: false },
    ],
    [{ engine: 'onnxruntime' }, { backend: undefined, onnxruntime: true }],
    [
      { engine: 'onnxruntime', backend: 'cpu' },
      { backend: 'cpu', onnxruntime: true },
    ],
  ] as const)('%o', (choice, expected) => {
    expect(resolveEngine(choice)).toEqual(expected);
  });

  it('refuses two backends', () => {
    expect(() => resolveEngine({ engine: 'wasm', backend: 'node' })).toThrow(ConfigError);
    expect(() => resolveEngine({ engine: 'wasm', backend: 'node' })).toThrow(
      '--engine wasm and --backend node contradict each other',
    );
  });
});

it('finds onnxruntime-node, which is a development dependency', () => {
  expect(isOnnxRuntimeInstalled()).toBe(true);
});
