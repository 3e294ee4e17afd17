import { expect, it } from 'vitest';
import { backendText, defaultThreads } from './start-backend.ts';

it('uses one thread for each core, up to the limit of the backend', () => {
  expect([1, 64, 96].map((cores) => defaultThreads('wasm', cores))).toEqual([1, 64, 64]);
  expect(defaultThreads('node', 96)).toBe(96);
});

it('describes the backend and its threads', () => {
  expect(backendText({ name: 'wasm', threads: 1 })).toBe('wasm, 1 thread');
  expect(backendText({ name: 'webgpu', threads: null })).toBe('webgpu');
});
