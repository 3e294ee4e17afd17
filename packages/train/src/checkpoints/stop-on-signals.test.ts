import { expect, it } from 'vitest';
import { stopOnSignals } from './stop-on-signals.ts';

// kill.test.ts sends signals to a process.
it('removes its handlers on release', () => {
  const before = process.listenerCount('SIGHUP');
  const signal = stopOnSignals(['SIGHUP']);
  expect(process.listenerCount('SIGHUP')).toBe(before + 1);
  process.emit('SIGHUP', 'SIGHUP');
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toMatchObject({ message: 'The process received SIGHUP.' });
  signal.release();
  expect(process.listenerCount('SIGHUP')).toBe(before);
});
