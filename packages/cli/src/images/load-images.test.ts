import os from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import { imageMemory } from './load-images.ts';

describe('imageMemory', () => {
  it('is the setting in GiB, however much is free', () => {
    expect(imageMemory(1.5)).toBe(1.5 * 2 ** 30);
    expect(imageMemory(0)).toBe(0);
  });

  it('is a quarter of the memory by default, but at most half of what is free', () => {
    const total = os.totalmem();
    const available = vi.spyOn(process, 'availableMemory');
    available.mockReturnValueOnce(total);
    expect(imageMemory(undefined)).toBe(total / 4);
    available.mockReturnValueOnce(1000);
    expect(imageMemory(undefined)).toBe(500);
    available.mockRestore();
  });
});
