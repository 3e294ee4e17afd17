import { afterEach, expect, it, vi } from 'vitest';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

it.each(['Node', 'a browser'])('lets timers run in %s', async (host) => {
  if (host === 'a browser') vi.stubGlobal('setImmediate', undefined);
  let isDone = false;
  setTimeout(() => {
    isDone = true;
  }, 0);
  for (let turn = 0; turn < 1000 && !isDone; turn++) await yieldToEventLoop();
  expect(isDone).toBe(true);
});
