import { expect, it } from 'vitest';
import { stopOnSignals } from './stop-on-signals.ts';

// Signals that reach a process are tested in kill.test.ts.
it('leaves the signals alone once it is released', () => {
  const before = process.listenerCount('SIGHUP');
  const signal = stopOnSignals(['SIGHUP']);
  expect(process.listenerCount('SIGHUP')).toBe(before + 1);
  process.emit('SIGHUP', 'SIGHUP');
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toMatchObject({ message: 'The process got the signal SIGHUP.' });
  signal.release();
  expect(process.listenerCount('SIGHUP')).toBe(before);
});
