import { ConfigError } from '@openset/core';
import { expect, it } from 'vitest';
import { chooseWorkerCount } from './worker-count.ts';

const machine = { backend: 'wasm', photos: 5000, cores: 8, memory: 64e9 };

it('is the number of cores, as far as there is memory and work', () => {
  expect(chooseWorkerCount(machine)).toBe(8);
  expect(chooseWorkerCount({ ...machine, memory: 1.3e9 })).toBe(3);
  expect(chooseWorkerCount({ ...machine, memory: 1e8 })).toBe(1);
  expect(chooseWorkerCount({ ...machine, photos: 40 })).toBe(2);
  expect(chooseWorkerCount({ ...machine, photos: 3 })).toBe(1);
});

it('follows --threads, and --workers above all', () => {
  const { cores: _, ...limits } = machine;
  expect(chooseWorkerCount({ ...limits, threads: 1 })).toBe(1);
  expect(chooseWorkerCount({ ...machine, workers: 3, photos: 2 })).toBe(3);
});

it('is 1 on other backends, which refuse more', () => {
  expect(chooseWorkerCount({ ...machine, backend: 'node' })).toBe(1);
  expect(chooseWorkerCount({ ...machine, backend: 'cpu', workers: 1 })).toBe(1);
  expect(() => chooseWorkerCount({ ...machine, backend: 'cpu', workers: 2 })).toThrow(ConfigError);
});
