import { setTimeout as pause } from 'node:timers/promises';
import { isLocked } from './store-errors.ts';

/** Longest pause between two attempts, in milliseconds. */
const longestPause = 25;

/**
 * Does work, and repeats it while another program holds a lock. SQLite could wait too, but it would block the event loop.
 * @param work changes nothing if it throws
 * @param patience milliseconds until the last attempt
 * @throws the error of the last attempt
 */
export async function untilUnlocked<T>(work: () => T, patience: number): Promise<T> {
  const end = performance.now() + patience;
  for (let longest = 1; ; longest = Math.min(2 * longest, longestPause)) {
    try {
      return work();
    } catch (error) {
      if (!isLocked(error) || performance.now() >= end) throw error;
    }
    // Random, so that two programs do not collide again and again.
    await pause(longest * Math.random());
  }
}
