import type { Tfjs } from './gradient-case.ts';

/** Starts the active backend anew, as after a trap in WebAssembly, which leaves the heap in an undefined state. */
export async function restartBackend(tfjs: Tfjs): Promise<void> {
  const name = tfjs.getBackend();
  const { factory, priority } = tfjs.engine().registryFactory[name]!;
  // A trapped program cannot free its memory either.
  tfjs.backend().dispose = () => {};
  tfjs.removeBackend(name);
  tfjs.registerBackend(name, factory, priority);
  await tfjs.setBackend(name);
  await tfjs.ready();
}
